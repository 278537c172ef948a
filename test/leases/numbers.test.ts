import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { acknowledge } from '../../src/leases/changes.ts'
import { renew } from '../../src/leases/renew.ts'
import { type Lab, openLab, type Placed, until } from '../faults/lab/lab.ts'
import { dump } from '../faults/lab/restore.ts'
import type { LabKey } from '../faults/lab/seed.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

// Verifiers start as processes, and leases are waited out.
vi.setConfig({ testTimeout: 120_000 })

let database: FreshDatabase
let lab: Lab
beforeEach(async () => {
  database = await freshDatabase()
  lab = await openLab(database.url, async () => {})
})
afterEach(async () => {
  await lab.close()
  await database.drop()
})

/** Waits until this verifier has renewed its lease from now on. */
async function renewed(placed: Placed): Promise<void> {
  const { rows } = await lab.sql.query('select clock_timestamp() as at')
  await until(async () => {
    const found = await lab.sql.query('select from leases where name = $1 and renewed_at > $2', [
      placed.process.name,
      rows[0].at,
    ])
    return found.rows.length > 0
  })
}

/** Asks until the key is answered from memory: without a lease nothing is kept. */
async function warm(placed: Placed, ...keys: LabKey[]): Promise<void> {
  await renewed(placed)
  for (const key of keys) expect(await placed.ask(key)).toBe('VALID')
}

const revokeAll = async (keys: readonly LabKey[]) => {
  for (const key of keys) await lab.confirm(await lab.revoke(key))
}

/** Removes the last changes and their effects on keys, which a promoted standby lacks. */
async function lose(...keys: LabKey[]): Promise<void> {
  await lab.sql.query(
    `begin; set local session_replication_role = replica; delete from change_subjects; delete from changes`,
  )
  await lab.sql.query(`update keys set status = 'active' where id = any($1)`, [keys.map((key) => key.id)])
  await lab.sql.query(`alter sequence change_seq restart; commit`)
}
/** Postgres empties what is not logged when it promotes. */
const promoted = () => lab.sql.query('delete from epoch')

test('a dump that is restored into the same cluster: a key that is revoked afterwards is refused', async () => {
  const a = await lab.place({ KEYWARDEN_LEASE: '2s' })
  const [first, ...others] = await lab.keys(7)
  const key = others.pop()!
  await revokeAll([first!])
  const dumped = await dump(lab)
  await warm(a, key)
  await revokeAll(others)
  expect(await a.ask(key)).toBe('VALID')
  await dumped.restore()
  await renewed(a)
  await lab.confirm(await lab.revoke(key))
  expect(await a.ask(key)).toBe('REVOKED')
})

test('a verifier that the dump does not know, and that is cut off over the restore, is waited for', async () => {
  const lease = { KEYWARDEN_LEASE: '3s' }
  const [key] = await lab.keys(1)
  await (await lab.place(lease)).process.end()
  const dumped = await dump(lab)
  const a = await lab.place(lease)
  await warm(a, key!)
  await renewed(a)
  a.cable.blackhole()
  await dumped.restore()
  await lab.confirm(await lab.revoke(key!))
  expect(await a.ask(key!)).not.toBe('VALID')
})

describe('a sequence that starts again', () => {
  test('after the log was pruned: a key that is revoked afterwards is refused', async () => {
    const a = await lab.place({ KEYWARDEN_LEASE: '2s' })
    const [key, ...others] = await lab.keys(4)
    await warm(a, key!)
    await revokeAll(others)
    await lab.sql.query('update change_log set pruned_to = (select max(seq) from changes)')
    await lab.sql.query('delete from changes')
    await lab.sql.query('alter sequence change_seq restart')
    const seq = await lab.revoke(key!)
    await lab.confirm(seq)
    expect(await a.ask(key!)).toBe('REVOKED')
    expect(seq).toBe(4)
  })

  test('beside the log: a key can be revoked as ever', async () => {
    const a = await lab.place({ KEYWARDEN_LEASE: '2s' })
    const [key, ...others] = await lab.keys(4)
    await warm(a, key!)
    await revokeAll(others)
    await lab.sql.query('alter sequence change_seq restart')
    await lab.confirm(await lab.revoke(key!))
    expect(await a.ask(key!)).toBe('REVOKED')
  })

  test('in a log that was emptied by hand: a number that a verifier has read past is not drawn', async () => {
    const a = await lab.place({ KEYWARDEN_LEASE: '2s' })
    const [key, ...others] = await lab.keys(4)
    await warm(a, key!)
    await revokeAll(others)
    await lose()
    await lab.confirm(await lab.revoke(key!))
    expect(await a.ask(key!)).toBe('REVOKED')
  })
})

test('what a verifier had learnt before changes were lost acknowledges none of those that come after', async () => {
  const a = await lab.place({ KEYWARDEN_LEASE: '2s' })
  const keys = await lab.keys(5)
  const [key, ...others] = keys
  await warm(a, key!)
  await revokeAll(others)
  await lose(...others)
  await promoted()
  // The first change waits for every verifier there can be; the next one only for those that there are.
  await lab.confirm(await lab.revoke(others[0]!))
  await warm(a, key!)
  a.cable.blackhole()
  await lab.confirm(await lab.revoke(key!))
  expect(await a.ask(key!)).not.toBe('VALID')
})

describe('on one connection', () => {
  const connected = () => openDedicatedConnection(database.url, { name: 'verifier', timeoutMs: 60_000 })
  const incarnation = (id: string) => ({ id, name: id, ttlMs: 60_000 })
  const leases = async () =>
    (await lab.sql.query('select incarnation, acknowledged::int from leases order by 1')).rows
  const epoch = async () => (await lab.sql.query('select current_epoch() as id')).rows[0].id

  test.each(['a renewal', 'an acknowledgement'])(
    '%s that knows of changes which are gone begins an epoch, once, for everybody',
    async (how) => {
      const lane = connected()
      for (const id of ['inc_a', 'inc_b']) await renew(lane, incarnation(id), 0, true)
      const before = await epoch()
      for (const key of await lab.keys(3)) await lab.revoke(key)
      await lose()
      const isKnown = async (id: string) =>
        how === 'a renewal'
          ? !(await renew(lane, incarnation(id), 3, false)).isFenced
          : acknowledge(lane, id, 3)
      expect(await isKnown('inc_a')).toBe(false)
      const after = await epoch()
      expect(after).not.toBe(before)
      expect(await leases()).toEqual([{ incarnation: `ghost:${after}`, acknowledged: -1 }])
      // The others are fenced too, however few changes they had learnt, and begin none of their own.
      expect(await isKnown('inc_b')).toBe(false)
      expect((await renew(lane, incarnation('inc_b'), 0, false)).isFenced).toBe(true)
      expect(await epoch()).toBe(after)
      await lane.close()
    },
  )

  test('an acknowledgement of a change that is there is taken', async () => {
    const lane = connected()
    await renew(lane, incarnation('inc_a'), 0, true)
    const seq = await lab.revoke(...(await lab.keys(1)))
    expect(await acknowledge(lane, 'inc_a', seq)).toBe(true)
    expect(await leases()).toEqual([{ incarnation: 'inc_a', acknowledged: seq }])
    await lane.close()
  })

  test('a lease of before a promotion is fenced at its first word, whoever comes first', async () => {
    const lane = connected()
    await renew(lane, incarnation('inc_a'), 0, true)
    const seq = await lab.revoke(...(await lab.keys(1)))
    await promoted()
    expect(await acknowledge(lane, 'inc_a', seq)).toBe(false)
    expect((await renew(lane, incarnation('inc_a'), seq, false)).isFenced).toBe(true)
    expect((await leases()).map(({ incarnation }) => incarnation)).toEqual([`ghost:${await epoch()}`])
    await lane.close()
  })

  test('many who find no epoch at once begin one', async () => {
    const clients = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const client = new pg.Client(database.url)
        await client.connect()
        return client
      }),
    )
    const lane = connected()
    await renew(lane, incarnation('inc_a'), 0, true)
    await promoted()
    const found = await Promise.all(clients.map((client) => client.query('select current_epoch() as id')))
    await Promise.all(clients.map((client) => client.end()))
    await lane.close()
    expect(new Set(found.map(({ rows }) => rows[0].id))).toEqual(new Set([await epoch()]))
    expect(await leases()).toHaveLength(1)
  })

  test('a log that was emptied and filled anew is another epoch', async () => {
    const before = await epoch()
    await lab.sql.query('truncate changes cascade')
    expect(await epoch()).not.toBe(before)
  })
})
