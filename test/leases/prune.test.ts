import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { pruneChanges } from '../../src/leases/prune.ts'
import { type Lab, openLab, until } from '../faults/lab/lab.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let database: FreshDatabase
let db: Database
beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url, { connections: 2 })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

const dayMs = 86_400_000

describe('of the log of changes', () => {
  beforeEach(async () => {
    await db('changes').delete()
    await db('leases').delete()
    await db('change_log').update({ pruned_to: 0 })
    await granted({ ms: 5_000 })
  })

  /** The lengths of leases that were granted, so many days ago each. */
  async function granted(...lengths: { ms: number; days?: number }[]) {
    await db('lease_lengths').delete()
    for (const { ms, days = 0 } of lengths)
      await db('lease_lengths').insert({ ttl_ms: ms, granted_at: new Date(Date.now() - days * dayMs) })
  }

  /** Changes numbered from 1, so many days old each. */
  async function changes(...ages: { days: number; isConfirmed?: boolean }[]) {
    for (const [i, { days, isConfirmed = true }] of ages.entries()) {
      const at = new Date(Date.now() - days * dayMs)
      const confirmation = isConfirmed ? { confirmed_at: at, receipt: {} } : {}
      await db('changes').insert({ seq: i + 1, at, ...confirmation })
      await db('change_subjects').insert({ seq: i + 1, kind: 'key', id: `key_${i}` })
    }
  }
  const lease = (acknowledged: number) => {
    const at = new Date()
    const times = { begun_at: at, renewed_at: at }
    const row = {
      incarnation: `i${acknowledged}`,
      name: 'n',
      ttl_ms: 5_000,
      renewals: 1,
      head_at_renewal: 9,
      acknowledged,
    }
    return db('leases').insert({ ...row, ...times })
  }
  const left = async () => (await db('changes').orderBy('seq')).map(({ seq }) => seq)
  const old = { days: 8 }

  test('what is a week old goes, with what it named, and it is known how far that went', async () => {
    await changes(old, old, { days: 6 })
    await lease(3)
    expect(await pruneChanges(db)).toBe(2)
    expect(await left()).toEqual([3])
    expect(await db('change_subjects').pluck('seq')).toEqual([3])
    expect(await db('change_log').first('pruned_to')).toEqual({ pruned_to: 2 })
    expect(await pruneChanges(db)).toBe(0)
  })

  test('what one verifier has not acknowledged stays, whatever others have', async () => {
    await changes(old, old, old)
    await lease(3)
    await lease(1)
    expect(await pruneChanges(db)).toBe(1)
    expect(await left()).toEqual([2, 3])
  })

  test('what nobody has confirmed stays, and everything after it', async () => {
    await changes(old, { days: 8, isConfirmed: false }, old)
    expect(await pruneChanges(db)).toBe(1)
    expect(await left()).toEqual([2, 3])
  })

  test('nothing goes that is younger than the longest lease', async () => {
    await granted({ ms: 300_000 })
    await changes({ days: 400_000 / dayMs }, { days: 200_000 / dayMs })
    expect(await pruneChanges(db, 0)).toBe(1)
    expect(await left()).toEqual([2])
  })

  test('a length that no verifier has had for a week is forgotten, and costs no recovery any more', async () => {
    const ghosts = async () => {
      await db('epoch').delete()
      await db.raw('select current_epoch()')
      return db('leases').pluck('ttl_ms')
    }
    await granted({ ms: 40_000, days: 6 }, { ms: 5_000, days: 8 })
    await lease(3)
    await pruneChanges(db)
    expect(await ghosts()).toEqual([40_000])
    await granted({ ms: 40_000, days: 8 }, { ms: 5_000, days: 8 })
    await db('leases').delete()
    await lease(3)
    await pruneChanges(db)
    expect(await ghosts()).toEqual([5_000])
    // A ghost is no verifier, and keeps no length alive.
    await granted({ ms: 5_000, days: 8 })
    await pruneChanges(db)
    expect(await ghosts()).toEqual([])
  })
})

describe('a verifier that is behind what was pruned', () => {
  let lab: Lab
  let own: FreshDatabase
  beforeAll(async () => {
    own = await freshDatabase()
    lab = await openLab(own.url, async () => {})
  })
  afterAll(async () => {
    await lab.close()
    await own.drop()
  })

  test('empties its memory and accepts nothing that it missed', { timeout: 60_000 }, async () => {
    const a = await lab.place({ KEYWARDEN_LEASE: '5s' })
    const [key, other] = await lab.keys(2)
    await until(async () => (await a.ask(key!)) === 'VALID' && (await a.ask(other!)) === 'VALID')
    const learning = a.cable.hold('changes', 'request')
    const seq = await lab.revoke(key!)
    // As if the log had lost what it still needs: it must not believe that it knows everything.
    await lab.sql.query('update change_log set pruned_to = $1', [seq])
    await lab.sql.query('delete from changes')
    await until(async () => (await a.ask(key!)) === 'REVOKED')
    learning.release()
    expect(await a.ask(other!)).toBe('VALID')
  })
})
