import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { type Lab, openLab, type Placed, until } from './lab/lab.ts'
import type { LabKey } from './lab/seed.ts'

let database: FreshDatabase
let lab: Lab
let verifier: Placed
beforeAll(async () => {
  database = await freshDatabase()
  lab = await openLab(database.url, async () => {})
  verifier = await lab.place()
})
afterAll(async () => {
  await lab.close()
  await database.drop()
})

/** A process that revokes a key and is killed: with its transaction open, or as soon as it has committed. */
async function changerKilled(key: LabKey, when: 'before' | 'after'): Promise<void> {
  const script = `
    import pg from 'pg'
    process.on('disconnect', () => process.exit(9))
    const client = new pg.Client(process.env.DATABASE_URL)
    await client.connect()
    await client.query('begin')
    await client.query("update keys set status = 'revoked' where id = $1", [process.env.KEY])
    if (process.env.WHEN === 'after') await client.query('commit')
    process.send('now')
    await new Promise(() => {})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: process.env.PATH, DATABASE_URL: database.url, KEY: key.id, WHEN: when },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const changeOf = async (key: LabKey) => {
  const { rows } = await lab.sql.query(
    `select c.seq::int, c.confirmed_at, c.receipt from changes c join change_subjects s using (seq) where s.id = $1`,
    [key.id],
  )
  return rows[0]
}

test('a changer that is killed before its commit changed nothing, and nobody says otherwise', async () => {
  const [key] = await lab.keys(1)
  expect(await verifier.ask(key!)).toBe('VALID')
  await changerKilled(key!, 'before')
  // Whatever it held is let go of: somebody else can change the same key.
  await lab.sql.query(`update keys set name = 'free' where id = $1`, [key!.id])
  expect(await changeOf(key!)).toBeUndefined()
  expect(await verifier.ask(key!)).toBe('VALID')
})

test('a changer that is killed after its commit is confirmed by somebody else, with a receipt and a record', async () => {
  const [key] = await lab.keys(1)
  expect(await verifier.ask(key!)).toBe('VALID')
  await changerKilled(key!, 'after')
  const confirmed = await until(async () => {
    const change = await changeOf(key!)
    return change?.confirmed_at && change
  })
  expect(await verifier.ask(key!)).toBe('REVOKED')
  expect(confirmed.receipt).toMatchObject({ confirmed: [verifier.process.name], renewed: [], waitedOut: [] })
  expect(confirmed.receipt.tookMs).toBeGreaterThan(0)
  const { rows } = await lab.sql.query(`select body::jsonb as body from audit_events where key_id = $1`, [
    key!.id,
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0].body).toMatchObject({ event: 'key.change-confirmed', details: { change: confirmed.seq } })
})

test('a verifier that is stopped is waited out, named in the receipt, and refuses when it comes back', async () => {
  const [key] = await lab.keys(1)
  expect(await verifier.ask(key!)).toBe('VALID')
  verifier.process.stop()
  const seq = await lab.revoke(key!)
  await lab.confirm(seq)
  expect((await changeOf(key!)).receipt).toMatchObject({ confirmed: [], waitedOut: [verifier.process.name] })
  const asked = verifier.ask(key!)
  verifier.process.resume()
  expect(await asked).not.toBe('VALID')
  await until(async () => (await verifier.ask(key!)) === 'REVOKED')
})

test('a verifier that was stopped in order gives its lease back, and nobody waits for it', async () => {
  const leaving = await lab.place({ KEYWARDEN_LEASE: '60s' })
  expect(await leaving.process.end()).toBe(0)
  const [key] = await lab.keys(1)
  const seq = await lab.revoke(key!)
  await lab.confirm(seq)
  expect((await changeOf(key!)).receipt.waitedOut).toEqual([])
})
