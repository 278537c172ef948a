import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { watchUse } from '../../src/anomaly/watch.ts'
import { reconcileEverywhere } from '../../src/findings/reconcile-all.ts'
import { unusualUse } from '../../src/findings/unusual-use.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { office, plantSource, plantTraffic } from './traffic.ts'

let records: Records
const dayMs = 86_400_000
/** A Wednesday, 14:00 UTC. */
const start = new Date('2026-11-25T14:00:00Z')

beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())
beforeEach(async () => {
  const { db } = records.world
  await db.raw(
    'truncate anomaly_states, anomaly_progress, anomaly_episodes, fleet_events, key_sources, usage_buckets, usage_sources, anomaly_expectations cascade',
  )
  for (const table of ['outbox', 'findings', 'key_usage']) await db(table).delete()
  await db('keys').update({ status: 'revoked' })
  moveTo(start)
})

function moveTo(at: Date) {
  const { calendar } = records
  calendar.advance({ days: 0, minutes: (at.getTime() - calendar.now().getTime()) / 60_000 })
}
const minutes = (n: number, from = start) => new Date(from.getTime() + n * 60_000)

async function key(name: string): Promise<string> {
  const [id] = await plant(records.world, records.workspace.id, [
    { name, revealedAt: new Date(start.getTime() - 60 * dayMs), lifetimeDays: 90 },
  ])
  return id!
}

/** The job, as it runs one minute after each five. */
async function watchAt(at: Date): Promise<number> {
  moveTo(new Date(at.getTime() + 61_000))
  const { left } = await watchUse(records.world)
  await reconcileEverywhere(records.world, unusualUse)
  return left
}

const episodes = () => records.world.db('anomaly_episodes').orderBy('id')
const findings = () => records.world.db('findings').where({ kind: 'unusual-use' }).orderBy('opened_at')

const usual = (until: Date, peak = 60) =>
  [
    new Date(start.getTime() - 30 * dayMs),
    until,
    (minute: number, _at: Date, poisson: (mean: number) => number) => poisson(office(peak)(minute)),
  ] as const

test('a key whose use jumps is alerted within ten minutes, with numbers and where it came from', async () => {
  const { db } = records.world
  const id = await key('Leaked')
  await plantTraffic(db, id, ...usual(minutes(5)))
  for (const hour of [10, 240])
    await plantSource(db, id, new Date(start.getTime() - hour * 3_600_000), {
      network: '198.51.100.0/24',
      requests: 500,
    })
  await db('key_sources').insert({
    key_id: id,
    source: 'network 198.51.100.0/24',
    first_at: new Date(start.getTime() - 20 * dayMs),
  })
  await db('key_sources').insert({
    key_id: id,
    source: 'client python-requests',
    first_at: new Date(start.getTime() - 20 * dayMs),
  })
  await watchAt(minutes(0))
  expect(await episodes()).toEqual([])
  await plantTraffic(db, id, minutes(5), minutes(10), () => 2_000)
  await plantSource(db, id, start, { network: '203.0.113.0/24', requests: 2_000 })
  await watchAt(minutes(10))
  const [finding, ...more] = await findings()
  expect(more).toEqual([])
  expect(finding).toMatchObject({ step: 'notified-0', severity: 'critical', resolved_at: null })
  expect(finding.facts).toMatchObject({
    reason: 'spike',
    figures: { count: 2_000 },
    newSource: { kind: 'network', name: '203.0.113.0/24', firstAt: start.toISOString() },
  })
  expect(finding.facts.newSource.share).toBeGreaterThan(0.9)
})

test('while it goes on it is not alerted again, unless it gets half as bad again', async () => {
  const { db } = records.world
  const id = await key('Going on')
  await plantTraffic(db, id, ...usual(start))
  await watchAt(start)
  await plantTraffic(db, id, minutes(0), minutes(60), () => 2_000)
  for (let at = 5; at <= 60; at += 5) await watchAt(minutes(at))
  expect(await findings()).toHaveLength(1)
  expect((await findings())[0]).toMatchObject({ step: 'notified-0', level: 0 })
  await plantTraffic(db, id, minutes(60), minutes(120), () => 200_000)
  for (let at = 65; at <= 130; at += 5) await watchAt(minutes(at))
  expect(await findings()).toHaveLength(1)
  expect((await findings())[0].level).toBeGreaterThan(0)
})

test('a run that missed a day comes to the same states as one that ran all day', async () => {
  const { db } = records.world
  const id = await key('Steady')
  await plantTraffic(db, id, ...usual(new Date(start.getTime() + dayMs + 300_000)))
  await watchAt(start)
  const before = await db('anomaly_states').first()
  for (let at = 60; at <= 1440; at += 60) await watchAt(minutes(at))
  const stepped = await db('anomaly_states').first()
  await db('anomaly_states').update(before)
  await db('anomaly_progress').update({ through: before.through })
  await watchAt(minutes(1440))
  const caughtUp = await db('anomaly_states').first()
  expect(caughtUp.through).toEqual(stepped.through)
  expect(Buffer.compare(caughtUp.state, stepped.state)).toBe(0)
  await db('anomaly_states').delete()
  await watchAt(minutes(1445))
  expect((await db('anomaly_states').first()).through).toEqual(minutes(1445))
})

test('a job that was down for a month reports what is strange now, and nothing of what is long past', async () => {
  const { db } = records.world
  const id = await key('Month-long gap')
  const month = 30 * 1440
  const back = minutes(month)
  await plantTraffic(
    db,
    id,
    new Date(start.getTime() - 30 * dayMs),
    minutes(month + 5),
    (minute, at, poisson) => {
      const isLongPast = at >= minutes(10 * 1440) && at < minutes(10 * 1440 + 60)
      return isLongPast ? 3_000 : poisson(office(60)(minute))
    },
  )
  await watchAt(start)
  await watchAt(back)
  expect(await episodes()).toEqual([])
  expect((await db('anomaly_states').first()).through).toEqual(back)
  await plantTraffic(db, id, minutes(month + 5), minutes(month + 10), () => 20_000)
  await watchAt(minutes(month + 10))
  expect((await episodes())[0]).toMatchObject({ reason: 'spike', began_at: minutes(month + 5) })
})

test('a state of an older version is built anew from usage, and what happened since it is still alerted', async () => {
  const { db } = records.world
  const id = await key('Older')
  await plantTraffic(db, id, ...usual(minutes(5)))
  await watchAt(start)
  const { state: current } = await db('anomaly_states').first('state')
  const version = current.readFloatLE(0)
  const older = Buffer.alloc(400, 255)
  older.writeFloatLE(version - 1, 0)
  await db('anomaly_states').update({ state: older })
  await plantTraffic(db, id, minutes(5), minutes(10), () => 2_000)
  await watchAt(minutes(10))
  const rebuilt = await db('anomaly_states').first()
  expect(rebuilt).toMatchObject({ through: minutes(10), is_doubtful: false })
  expect(rebuilt.state.readFloatLE(0)).toBe(version)
  expect(rebuilt.state.length).toBe(current.length)
  expect((await episodes())[0]).toMatchObject({ reason: 'spike', began_at: minutes(5) })
  expect((await findings())[0].facts.figures.days).toBeGreaterThan(25)
})

test("when the workspace's clock changes, office hours stay ordinary and the night is still the night", async () => {
  const { db } = records.world
  const { id: workspaceId } = records.workspace
  const { policy } = await db('workspaces').where({ id: workspaceId }).first('policy')
  await db('workspaces')
    .where({ id: workspaceId })
    .update({ policy: JSON.stringify({ ...policy, timeZone: 'Europe/Berlin' }) })
  const id = await key('From nine to five in Berlin')
  // The clock goes back on Sunday the 25th of October at three; the traffic follows the clock, with an hour at night.
  const [first, changed, last] = ['09-25', '10-25', '10-28'].map((at) => new Date(`2026-${at}T00:00:00Z`))
  const night = new Date('2026-10-28T01:00:00Z')
  await plantTraffic(db, id, first!, new Date(night.getTime() + 3_600_000), (minute, at, poisson) => {
    const local = (minute / 60 + (at < new Date('2026-10-25T01:00:00Z') ? 2 : 1)) % 24
    return (local >= 9 && local < 17) || at >= night ? poisson(60) : 0
  })
  for (let at = changed!; at <= last!; at = minutes(60, at)) await watchAt(at)
  const quiet = await episodes()
  await watchAt(minutes(60, night))
  await db('workspaces')
    .where({ id: workspaceId })
    .update({ policy: JSON.stringify(policy) })
  expect(quiet).toEqual([])
  expect(await episodes()).toMatchObject([{ key_id: id, reason: 'unusual-time' }])
})

test('where more requests were called expected they are quiet, errors at the usual volume are not', async () => {
  const { db } = records.world
  const id = await key('Expected')
  await plantTraffic(db, id, ...usual(start))
  await watchAt(start)
  await db('anomaly_expectations').insert({
    ...{ id: 'exp_migration', key_id: id, kind: 'once', reason: 'spike', declared_by: 'U0ADA00001' },
    ...{ declared_at: start, from_at: start, until_at: minutes(1440) },
  })
  await plantTraffic(db, id, minutes(0), minutes(30), () => 2_000)
  await watchAt(minutes(30))
  const whileExpected = await episodes()
  await plantTraffic(db, id, minutes(30), minutes(150), () => ({ requests: 50, refused: 48 }))
  await watchAt(minutes(150))
  expect(whileExpected).toEqual([])
  expect(await episodes()).toMatchObject([{ reason: 'errors' }])
})
