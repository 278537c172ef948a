import { afterAll, beforeAll, expect, test } from 'vitest'
import { usageRollup } from '../../jobs/usage-rollup.ts'
import { transact } from '../../src/foundation/database.ts'
import { Counter } from '../../src/usage/counter.ts'
import { type Flusher, startFlushing } from '../../src/usage/flush.ts'
import { mergeUsage } from '../../src/usage/merge.ts'
import { readFlushedThrough } from '../../src/usage/watermark.ts'
import { openCable } from '../faults/lab/cable.ts'
import { openRecords, type Records } from '../setup/records.ts'

/** So many that a second of them is not folded at once. */
const many = 6_000

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

type Options = { databaseUrl?: string; counterId?: string; clock?: { now(): Date } }

/** A counter of its own, which counts the keys of one name and writes them. */
function openCounting(name: string, options: Options = {}) {
  const { world } = records
  const { databaseUrl } = world.config
  const counter = new Counter()
  const flusher: Flusher = startFlushing(counter, {
    ...{ databaseUrl, clock: world.clock, log: world.log, name, counterId: `cnt_${name}` },
    // However busy the machine is.
    stopWithinMs: 120_000,
    ...options,
  })
  const use = (keys = many) => {
    for (let i = 0; i < keys; i++) counter.count({ id: `key_${name}${i}` }, { endpoint: 'a' }, 'VALID', 0)
  }
  return { flusher, use }
}

const db = () => records.world.db
const total = async (name: string) =>
  Number((await db()('key_usage').whereLike('key_id', `key_${name}%`).sum({ sum: 'requests' }))[0]?.sum)
const waiting = (name: string) =>
  db()('usage_waiting')
    .where({ counter: `cnt_${name}` })
    .orderBy('flush')
const ageWaiting = () => db().raw("update usage_waiting set at = at - interval '10 seconds'")

test('what few keys did is in the tables of usage as soon as it is written', async () => {
  const { flusher, use } = openCounting('few')
  use(100)
  await expect.poll(() => total('few')).toBe(100)
  expect(await waiting('few')).toEqual([])
  await flusher.stop()
})

test('what few keys did is there even if somebody else was folding as it was written', async () => {
  const { flusher, use } = openCounting('beside')
  await transact(db(), async (trx) => {
    await mergeUsage(trx)
    use(100)
    await flushWaits()
  })
  await expect.poll(() => total('beside')).toBe(100)
  await flusher.stop()
})

test('what many keys did waits, is counted up together, and then by whoever writes next', async () => {
  const a = openCounting('much')
  a.use()
  const held = async () => (await waiting('much')).reduce((sum, { keys }) => sum + keys.length, 0)
  await expect.poll(held).toBe(many)
  a.use()
  await expect.poll(held).toBe(2 * many)
  expect(await total('much')).toBe(0)
  await ageWaiting()
  const b = openCounting('else')
  b.use(1)
  await expect.poll(() => total('much')).toBe(2 * many)
  expect(await db()('usage_buckets').whereLike('key_id', 'key_much%')).toHaveLength(many)
  await a.flusher.stop()
  await b.flusher.stop()
})

test('that everything is flushed until a moment is not said before it can be read', async () => {
  let now = new Date('2026-01-01T12:00:00Z')
  const { flusher, use } = openCounting('told', { clock: { now: () => now } })
  await flusher.flush()
  const before = now
  now = new Date('2026-01-01T12:00:20Z')
  use()
  await expect.poll(async () => (await waiting('told')).at(-1)?.through).toEqual(now)
  const through = async () => (await db()('usage_counters').where({ counter: 'cnt_told' }).first()).through
  expect(await through()).toEqual(before)
  await mergeUsage(db())
  expect(await through()).toEqual(now)
  await flusher.stop()
})

test('what a process that was killed had written is counted up by the clock', async () => {
  const { flusher, use } = openCounting('killed')
  use()
  await expect.poll(async () => (await waiting('killed')).length).toBeGreaterThan(3)
  const written = (await waiting('killed')).reduce((sum, { keys }) => sum + keys.length, 0)
  await usageRollup({ world: records.world, deliver: async () => {} })
  expect(await total('killed')).toBeGreaterThanOrEqual(written)
  await flusher.stop()
})

test('a flush that was counted up while its reply was lost counts once, even if both happen at the same time', async () => {
  const cable = await openCable(records.world.config.databaseUrl)
  const { flusher, use } = openCounting('again', { databaseUrl: cable.url })
  for (let round = 1; round <= 4; round++) {
    const isAtOnce = round % 2 === 0
    const hold = cable.hold('flush', 'reply')
    use()
    const lost = flusher.flush()
    await hold.reached
    await expect.poll(async () => (await waiting('again')).length).toBeGreaterThan(0)
    const folding = transact(db(), async (trx) => {
      await mergeUsage(trx)
      cable.reset()
      await expect(lost).rejects.toThrow()
      hold.release()
      if (isAtOnce) await flushWaits()
    })
    if (!isAtOnce) await folding
    await Promise.all([folding, flusher.flush()])
    expect(await total('again')).toBe(round * many)
  }
  await flusher.stop()
  expect(await total('again')).toBe(4 * many)
  await cable.close()
})

/** A flush waits for somebody who folds. */
const flushWaits = () =>
  expect
    .poll(
      async () =>
        (
          await db().raw(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
               and query like '%keep_flush%'`,
          )
        ).rows.length,
    )
    .toBeGreaterThan(0)

test('several who count the same keys up at once lose nothing', async () => {
  const countings = ['x', 'y'].map((counter) => openCounting('all', { counterId: `cnt_${counter}` }))
  for (let round = 1; round <= 5; round++) {
    for (const { use } of countings) use()
    const flushes = countings.map(({ flusher }) => flusher.flush())
    await Promise.all([...flushes, mergeUsage(db()), mergeUsage(db())])
  }
  expect(await total('all')).toBe(2 * 5 * many)
  for (const { flusher } of countings) await flusher.stop()
})

test('folding comes to its end while others go on writing', async () => {
  const lists = 14
  await db().raw(`
    create function go_on() returns trigger language plpgsql as $$ begin
      insert into usage_waiting (cells, counter, name, flush, through, last_at, is_closed, names, endpoints, classes,
        buckets, keys, counts, source_keys, source_hours, source_networks, source_clients, source_requests,
        source_refused, source_refused_scope, source_last_ms)
        values (0, 'cnt_on', 'on', old.id, now(), now(), false${", '{}'".repeat(lists)});
      return null;
    end $$;
    create trigger goes_on after delete on usage_waiting for each row execute function go_on()`)
  const { flusher, use } = openCounting('ending')
  use()
  await flusher.stop()
  expect(await total('ending')).toBe(many)
  expect(await db()('usage_waiting').where({ counter: 'cnt_on' })).not.toEqual([])
  await db().raw('drop trigger goes_on on usage_waiting')
})

test('a verifier that closes leaves nothing that waits', async () => {
  const { flusher, use } = openCounting('closing')
  use()
  await flusher.stop()
  expect(await total('closing')).toBe(many)
  expect(await db()('usage_counters').where({ counter: 'cnt_closing' }).first()).toMatchObject({
    is_closed: true,
  })
  expect(await readFlushedThrough(db())).toBeInstanceOf(Date)
})
