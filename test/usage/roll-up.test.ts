import { afterAll, beforeAll, expect, test } from 'vitest'
import { usageRollup } from '../../jobs/usage-rollup.ts'
import { keepPartitions, keptDays } from '../../src/usage/partitions.ts'
import { reachOf, rollUp } from '../../src/usage/roll-up.ts'
import { planSegments } from '../../src/usage/segments.ts'
import { stepMs, stepOf } from '../../src/usage/step.ts'
import { summaryOf } from '../../src/usage/summary.ts'
import { trafficOf } from '../../src/usage/traffic.ts'
import { openRecords, type Records } from '../setup/records.ts'
import fc from '../setup/seeded.ts'
import { use } from '../setup/use.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const dayMs = stepMs.day
const now = new Date('2026-08-14T13:47:21Z')
const ago = (days: number) => new Date(now.getTime() - days * dayMs)
const db = () => records.world.db

const total = (bars: { requests: number }[]) => bars.reduce((sum, bar) => sum + bar.requests, 0)
const steps = ['five-minutes', 'hour', 'day'] as const
const totals = (keyId: string, from: Date, to = now) =>
  Promise.all(steps.map(async (step) => total(await trafficOf(db(), [keyId], from, to, step))))

const partitions = async (parent: string) =>
  (
    await db().raw('select inhrelid::regclass::text as name from pg_inherits where inhparent = ?::regclass', [
      parent,
    ])
  ).rows
    .map((row: { name: string }) => row.name)
    .sort()

test('every step counts the same, before and after hours and days are summed up, and again after the next run', async () => {
  const key = 'key_same'
  const uses = Array.from({ length: 300 }, (_, i) => ({
    ...{ keyId: key, at: new Date(now.getTime() - i * 7_431_000), requests: 1 + (i % 5) },
  }))
  const all = uses.reduce((sum, one) => sum + one.requests, 0)
  await use(db(), uses)
  expect(await totals(key, ago(30))).toEqual([all, all, all])
  for (let run = 0; run < 2; run++) {
    await rollUp(db(), now)
    expect(await totals(key, ago(30))).toEqual([all, all, all])
  }
  expect(await reachOf(db())).toEqual({
    hours: new Date('2026-08-14T13:00:00Z'),
    days: new Date('2026-08-14T00:00:00Z'),
  })
  const [{ rows }] = await Promise.all([db().raw('select count(*) from usage_days where key_id = ?', [key])])
  expect(rows[0].count).toBeGreaterThan(20)
})

test('what is counted late for an hour that is summed up is in every step at once', async () => {
  const key = 'key_late'
  await use(db(), [{ keyId: key, at: ago(3), requests: 1 }])
  await rollUp(db(), now)
  await use(db(), [
    { keyId: key, at: ago(3), requests: 10 },
    { keyId: key, at: ago(9), requests: 100 },
    { keyId: key, at: now, requests: 1_000 },
  ])
  expect(await totals(key, ago(10))).toEqual([1_111, 1_111, 1_111])
  await rollUp(db(), new Date(now.getTime() + 2 * dayMs))
  expect(await totals(key, ago(10))).toEqual([1_111, 1_111, 1_111])
})

test('nothing is lost or doubled while counting and summing up go on at once', async () => {
  const key = 'key_busy'
  const begin = new Date('2026-09-01T00:00:00Z')
  const hoursLater = (hours: number) => new Date(begin.getTime() + hours * stepMs.hour)
  let counted = 0
  const counting = Array.from({ length: 3 }, async () => {
    for (let i = 0; i < 60; i++) {
      await use(db(), [{ keyId: key, at: hoursLater(i), requests: 1 }])
      counted++
    }
  })
  const rolling = (async () => {
    for (let i = 0; i < 60; i++) await rollUp(db(), hoursLater(i + 0.9))
  })()
  await Promise.all([...counting, rolling])
  expect(counted).toBe(180)
  expect(await totals(key, begin, hoursLater(100))).toEqual([180, 180, 180])
})

test('a period is read once, whole, and in as coarse pieces as are summed up', () => {
  const moment = fc.integer({ min: 0, max: 90 * dayMs }).map((ms) => new Date(ms))
  fc.assert(
    fc.property(moment, moment, moment, moment, (a, b, c, d) => {
      const [from, to] = a < b ? [a, b] : [b, a]
      const [early, late] = c < d ? [c, d] : [d, c]
      const reach = { hours: stepOf(late, 'hour'), days: stepOf(early, 'day') }
      for (const coarsest of steps) {
        const segments = planSegments({ from, to }, coarsest, reach)
        let reached = from
        for (const segment of segments) {
          expect(segment.from).toEqual(reached)
          expect(segment.to > segment.from).toBe(true)
          reached = segment.to
          if (segment.step === 'five-minutes') continue
          expect(segment.from.getTime() % stepMs[segment.step]).toBe(0)
          expect(segment.to.getTime() % stepMs[segment.step]).toBe(0)
          expect(segment.to <= (segment.step === 'hour' ? reach.hours : reach.days)).toBe(true)
        }
        if (from < to) expect(reached).toEqual(to)
        expect(segments.length).toBeLessThanOrEqual(5)
      }
    }),
  )
})

test('partitions are there for more than a month ahead, and what came before them is moved to its place', async () => {
  const key = 'key_moved'
  await use(db(), [{ keyId: key, at: ago(1), requests: 5 }])
  await keepPartitions(db(), now)
  const again = await keepPartitions(db(), now)
  expect(again).toEqual({ made: 0, dropped: 0 })
  for (const days of [0, 31])
    for (const [parent, moment] of [
      ['usage_buckets', 'bucket'],
      ['usage_hours', 'hour'],
      ['usage_days', 'day'],
    ]) {
      await use(db(), [{ keyId: `key_ahead${days}`, at: ago(-days), requests: 1 }])
      const { rows } = await db().raw(`select tableoid::regclass::text as part from ${parent}
        where ${moment} >= '2026-08-13' and key_id in ('key_moved', 'key_ahead${days}')`)
      for (const { part } of rows) expect(part).not.toMatch(/_rest$/)
      if (parent === 'usage_buckets') expect(rows.length).toBeGreaterThan(1)
    }
  expect(await totals(key, ago(2))).toEqual([5, 5, 5])
})

test('a reading that meets the making of a partition finds every request all the same', async () => {
  const key = 'key_met'
  const from = new Date(Math.floor(ago(200).getTime() / (7 * dayMs)) * 7 * dayMs)
  await use(db(), [{ keyId: key, at: from, requests: 5 }])
  const making = await db().transaction()
  await making.raw('select make_usage_partition(?, ?, ?)', [
    'usage_buckets',
    from,
    new Date(+from + 7 * dayMs),
  ])
  const reading = trafficOf(db(), [key], from, new Date(+from + dayMs), 'five-minutes')
  const waiting = () =>
    db().raw(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
         and query like '%usage_buckets%'`,
    )
  await expect.poll(async () => (await waiting()).rows.length).toBeGreaterThan(0)
  await making.commit()
  expect(total(await reading)).toBe(5)
})

test('after a month without the job everything is summed up and nothing is lost', async () => {
  const key = 'key_month'
  const later = ago(-60)
  const uses = Array.from({ length: 60 }, (_, i) => ({ keyId: key, at: ago(-i), requests: 1 }))
  await use(db(), uses)
  records.calendar.advance({ days: (later.getTime() - records.calendar.now().getTime()) / dayMs, minutes: 0 })
  const world = { ...records.world, clock: { now: () => later } }
  await usageRollup({ world, deliver: async () => undefined })
  const [fine, hours, days] = await totals(key, ago(0), later)
  expect([hours, days]).toEqual([60, 60])
  expect(fine).toBeGreaterThanOrEqual(keptDays.fiveMinutes)
  expect(fine).toBeLessThan(60)
  expect(await db()('usage_buckets_rest').count()).toEqual([{ count: 0 }])
})

test('each step is kept for its time, then dropped; what is not summed up never is', async () => {
  const key = 'key_kept'
  const begin = new Date('2027-03-01T00:00:00Z')
  const after = (days: number) => new Date(begin.getTime() + days * dayMs)
  await keepPartitions(db(), begin)
  await use(db(), [{ keyId: key, at: begin, requests: 7 }])
  // Nobody summed up: it stays, however old.
  await keepPartitions(db(), after(60))
  expect(await totals(key, begin, after(1))).toEqual([7, 7, 7])
  const seen = async (days: number) => {
    await rollUp(db(), after(days))
    await keepPartitions(db(), after(days))
    return totals(key, begin, after(1))
  }
  expect(await seen(34)).toEqual([7, 7, 7])
  expect((await seen(43)).slice(1)).toEqual([7, 7])
  expect((await seen(99)).slice(1)).toEqual([7, 7])
  expect(await seen(130)).toEqual([0, 0, 7])
  expect((await seen(399))[2]).toBe(7)
  expect(await seen(430)).toEqual([0, 0, 0])
  // Late for times whose partitions are gone: counted all the same, where it still matters.
  await use(db(), [{ keyId: key, at: after(350), requests: 3 }])
  expect((await totals(key, after(349), after(351)))[2]).toBe(3)
  await keepPartitions(db(), after(431))
  expect((await totals(key, after(349), after(351)))[2]).toBe(3)
  expect((await summaryOf(db(), key, '90d', after(430))).totals.requests).toBe(3)
  expect((await partitions('usage_buckets')).length).toBeLessThan(20)
})

test('days are kept for as long as the configuration says', async () => {
  const key = 'key_configured'
  const begin = new Date('2029-06-01T00:00:00Z')
  const later = new Date(begin.getTime() + 200 * dayMs)
  const run = (usageDays: number) => {
    const config = { ...records.world.config, usageDays }
    const world = { ...records.world, config, clock: { now: () => later } }
    return usageRollup({ world, deliver: async () => undefined })
  }
  await use(db(), [{ keyId: key, at: begin, requests: 2 }])
  await run(400)
  expect((await totals(key, begin, later))[2]).toBe(2)
  await run(150)
  expect((await totals(key, begin, later))[2]).toBe(0)
})

test('a partition of anything but usage is refused', async () => {
  await expect(db().raw(`select drop_usage_partitions('audit_events', ?)`, [now])).rejects.toThrow(
    'audit_events is no table of usage',
  )
})
