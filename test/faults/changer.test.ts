import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import pMap from 'p-map'
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
  // Long enough that it hears of a change under the lease that it has.
  verifier = await lab.place({ KEYWARDEN_LEASE: '5s' })
})
afterAll(async () => {
  await lab.close()
  await database.drop()
})

/** A process that revokes a key and pauses: with its transaction open until it may go on, or committed. */
async function changer(key: LabKey, when: 'before' | 'after'): Promise<ChildProcess> {
  const script = `
    import { once } from 'node:events'
    import pg from 'pg'
    process.on('disconnect', () => process.exit(9))
    const client = new pg.Client(process.env.DATABASE_URL)
    await client.connect()
    await client.query('begin')
    await client.query("update keys set status = 'revoked' where id = $1", [process.env.KEY])
    const goOn = once(process, 'message')
    if (process.env.WHEN === 'before') process.send('now')
    if (process.env.WHEN === 'before') await goOn
    await client.query('commit')
    process.send('committed')
    await new Promise(() => {})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: process.env.PATH, DATABASE_URL: database.url, KEY: key.id, WHEN: when },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
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

const confirmedBySomebody = (key: LabKey) =>
  until(async () => {
    const change = await changeOf(key)
    return change?.confirmed_at && change
  })

test('a changer that is killed before its commit changed nothing, and nobody says otherwise', async () => {
  const [key] = await lab.keys(1)
  expect(await verifier.ask(key!)).toBe('VALID')
  await killed(await changer(key!, 'before'))
  // Its locks are released: somebody else can change the same key.
  await lab.sql.query(`update keys set name = 'free' where id = $1`, [key!.id])
  expect(await changeOf(key!)).toBeUndefined()
  expect(await verifier.ask(key!)).toBe('VALID')
})

test('a changer that is killed after its commit is confirmed by somebody else, with a receipt and a record', async () => {
  const [key] = await lab.keys(1)
  expect(await verifier.ask(key!)).toBe('VALID')
  await killed(await changer(key!, 'after'))
  const confirmed = await confirmedBySomebody(key!)
  expect(await verifier.ask(key!)).toBe('REVOKED')
  expect(confirmed.receipt).toMatchObject({ confirmed: [verifier.process.name], renewed: [], waitedOut: [] })
  expect(confirmed.receipt.tookMs).toBeGreaterThan(0)
  const { rows } = await lab.sql.query(`select body::jsonb as body from audit_events where key_id = $1`, [
    key!.id,
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0].body).toMatchObject({ event: 'key.change-confirmed', details: { change: confirmed.seq } })
})

test('a changer that is stopped before its commit holds up nobody else, and its change counts once it goes on', async () => {
  const [key, other] = await lab.keys(2)
  expect([await verifier.ask(key!), await verifier.ask(other!)]).toEqual(['VALID', 'VALID'])
  const child = await changer(key!, 'before')
  child.kill('SIGSTOP')
  child.send('go on')
  await lab.confirm(await lab.revoke(other!))
  expect(await verifier.ask(other!)).toBe('REVOKED')
  expect(await changeOf(key!)).toBeUndefined()
  expect(await verifier.ask(key!)).toBe('VALID')
  child.kill('SIGCONT')
  await confirmedBySomebody(key!)
  expect(await verifier.ask(key!)).toBe('REVOKED')
  await killed(child)
})

test('a changer that is stopped after its commit is confirmed by somebody else while it stands still', async () => {
  const [key] = await lab.keys(1)
  expect(await verifier.ask(key!)).toBe('VALID')
  const child = await changer(key!, 'after')
  child.kill('SIGSTOP')
  await confirmedBySomebody(key!)
  expect(await verifier.ask(key!)).toBe('REVOKED')
  await killed(child)
})

test('a change of more keys than are read at once is confirmed only when none of them is accepted any more', async () => {
  const keys = await lab.keys(1_300)
  const verdicts = async () => new Set(await pMap(keys, verifier.ask, { concurrency: 20 }))
  expect(await verdicts()).toEqual(new Set(['VALID']))
  await lab.confirm(await lab.revoke(...keys))
  expect(await verdicts()).toEqual(new Set(['REVOKED']))
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
