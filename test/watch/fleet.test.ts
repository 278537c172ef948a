import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { unusualUseOfKeys } from '../../jobs/unusual-use.ts'
import { quarantineLeaked as quarantine } from '../../src/anomaly/quarantine.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { office, plantSource, plantTraffic } from './traffic.ts'

let records: Records
const dayMs = 86_400_000
/** A Wednesday, 14:00 UTC. */
const start = new Date('2026-11-25T14:00:00Z')
const home = '198.51.100.0/24'
const elsewhere = '203.0.113.0/24'
/** Requests in five minutes: four times the busiest, and so not yet ten times the busiest hour. */
const busy = 250

/** Eight keys of office hours, each used from one network by one program for a month. */
let neighbours: readonly [string, ...string[]]
let learnt: Records
let database: FreshDatabase
beforeAll(async () => {
  learnt = records = await openRecords()
  moveTo(start)
  neighbours = (await learntKeys(...Array.from({ length: 8 }, (_, i) => `Neighbour ${i + 1}`))) as never
  await learnt.world.db.destroy()
})
afterAll(() => learnt.drop())
// The month is lived through once; each test has a copy of it.
beforeEach(async () => {
  database = await freshDatabase(new URL(learnt.database.url).pathname.slice(1))
  const db = openDatabase(database.url, { connections: 6, name: 'test' })
  records = { ...learnt, world: { ...learnt.world, db } }
  moveTo(start)
})
afterEach(async () => {
  await records.world.db.destroy()
  await database.drop()
})

const minutes = (n: number) => new Date(start.getTime() + n * 60_000)

function moveTo(at: Date) {
  const { calendar } = records
  calendar.advance({ days: 0, minutes: (at.getTime() - calendar.now().getTime()) / 60_000 })
}

const quarantineLeaked = () =>
  records.world.db('workspaces').update({ policy: JSON.stringify({ quarantineLeaked: true }) })

async function learntKeys(...names: string[]): Promise<string[]> {
  const { db } = records.world
  const month = new Date(start.getTime() - 30 * dayMs)
  const ids = await plant(
    records.world,
    records.workspace.id,
    names.map((name) => ({ name, revealedAt: new Date(start.getTime() - 60 * dayMs), lifetimeDays: 90 })),
  )
  for (const id of ids) {
    await plantTraffic(db, id, month, start, (minute, _at, poisson) => poisson(office(60)(minute)))
    for (const source of [`network ${home}`, 'client python-requests'])
      await db('key_sources').insert({ key_id: id, source, first_at: month })
  }
  await job(0)
  return ids
}

/** The requests of a key in five minutes, from its usual source and from one it never had. */
type Does = { known?: number; unknown?: number; failed?: number }

/** The minutes until then, in each five of which these keys do that, and the job after them. */
async function pass(until: number, does: Record<string, Does>, length = 5): Promise<void> {
  const { db } = records.world
  for (const [id, { known = 0, unknown = 0, failed = 0 }] of Object.entries(does)) {
    await plantTraffic(db, id, minutes(until - length), minutes(until), () => ({
      requests: known + unknown,
      refused: failed,
    }))
    for (let at = until - length; at < until; at += 5) {
      const hour = new Date(Math.floor(minutes(at).getTime() / 3_600_000) * 3_600_000)
      if (known > 0) await addSource(id, hour, home, known)
      if (unknown > 0) await addSource(id, hour, elsewhere, unknown)
    }
  }
  await job(until)
}

async function addSource(id: string, hour: Date, network: string, requests: number): Promise<void> {
  const { db } = records.world
  const added = await db('usage_sources').where({ key_id: id, hour, network }).increment('requests', requests)
  if (added === 0) await plantSource(db, id, hour, { network, requests })
}

/** The job, as it runs one minute after each five. */
async function job(until: number): Promise<void> {
  moveTo(new Date(minutes(until).getTime() + 61_000))
  await unusualUseOfKeys({ world: records.world, deliver: async () => {} } as never)
}

const all = (ids: readonly string[], does: Does) => Object.fromEntries(ids.map((id) => [id, does]))

/** The findings that are open, by key. */
const openFindings = async (): Promise<Record<string, { severity: string; facts: never }>> =>
  Object.fromEntries(
    (await records.world.db('findings').where({ kind: 'unusual-use' }).whereNull('resolved_at')).map(
      (row) => [row.key_id, row],
    ),
  )
const events = () => records.world.db('fleet_events').orderBy('id')
const openEpisode = (id: string) =>
  records.world.db('anomaly_episodes').where({ key_id: id }).whereNull('over_at').first()
const statusOf = async (id: string) => (await records.world.db('keys').where({ id }).first()).status
const fleetMessages = () => records.world.db('outbox').where({ source: 'fleet' }).orderBy('seq')

/** All of them are busy for three hours, in which the event opens. */
async function beBusy(ids: readonly string[]): Promise<void> {
  await pass(5, all(ids, { known: busy }))
  for (let at = 35; at <= 185; at += 30) await pass(at, all(ids, { known: busy }), 30)
}

test('what many keys do at once is one event and one message, and no key is alerted alone', async () => {
  const ids = neighbours
  await beBusy(ids)
  expect(await events()).toMatchObject([{ direction: 'more', keys: 8, over_at: null }])
  expect(await records.world.db('findings')).toEqual([])
  expect(await fleetMessages()).toHaveLength(1)
})

test('a key that was busy with the others for hours and leaks then is alerted by itself, and quarantined where policy says so', async () => {
  const [leaked, ...rest] = neighbours
  await quarantineLeaked()
  await beBusy([leaked, ...rest])
  expect(await openFindings()).toEqual({})
  for (let at = 190; at <= 200; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [leaked]: { known: busy, unknown: 2_000 } })
  const open = await openFindings()
  expect(Object.keys(open)).toEqual([leaked])
  expect(open[leaked]).toMatchObject({ facts: { newSource: { name: elsewhere } } })
  expect(await statusOf(leaked)).toBe('inactive')
  expect(await Promise.all(rest.map(statusOf))).toEqual(rest.map(() => 'active'))
})

test('a key whose use somebody marks as expected just then is not quarantined', async () => {
  const [leaked] = neighbours
  await pass(5, { [leaked]: { unknown: 2_000 } })
  await quarantineLeaked()
  const { db } = records.world
  const expecting = await db.transaction()
  await expecting('anomaly_episodes')
    .where({ key_id: leaked })
    .update({ over_at: minutes(6), over_because: 'expected', over_by: 'U0ADA00001' })
  const quarantining = quarantine(records.world)
  await expect
    .poll(async () => {
      const { rows } = await db.raw(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length
    })
    .toBe(1)
  await expecting.commit()
  expect(await quarantining).toBe(0)
  expect(await statusOf(leaked)).toBe('active')
})

test('the message of an event goes on without a key that left it, and is brought up to date', async () => {
  const [leaked, ...rest] = neighbours
  await beBusy([leaked, ...rest])
  for (let at = 190; at <= 200; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [leaked]: { known: busy, unknown: 2_000 } })
  expect(await events()).toMatchObject([{ keys: 7, notified_keys: 7, over_at: null }])
  expect((await fleetMessages()).map(({ step }) => step.replace(/:.*/, ''))).toEqual(['keys-8', 'keys-7'])
  expect(await records.world.db('anomaly_episodes').whereNotNull('fleet_id')).toHaveLength(7)
})

test('a leak of no more requests than the others have is alerted by itself, also within the hour of the event', async () => {
  const [leaked, ...rest] = neighbours
  await quarantineLeaked()
  await pass(5, all([leaked, ...rest], { known: busy }))
  expect(await events()).toMatchObject([{ keys: 8 }])
  for (let at = 10; at <= 40; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [leaked]: { unknown: busy } })
  expect(Object.keys(await openFindings())).toEqual([leaked])
  expect(await statusOf(leaked)).toBe('inactive')
})

test('ten times the busiest hour leaves an event too, from whatever network it comes', async () => {
  const [leaked, ...rest] = neighbours
  await beBusy([leaked, ...rest])
  for (let at = 190; at <= 210; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [leaked]: { known: 3_000 } })
  expect(await openFindings()).toMatchObject({ [leaked]: { severity: 'critical' } })
  expect(Object.keys(await openFindings())).toHaveLength(1)
})

test('a leak that was alerted before many keys became busy stays open while their event goes on', async () => {
  const [leaked, ...rest] = neighbours
  await pass(5, { [leaked]: { unknown: 2_000 } })
  const { [leaked]: finding } = await openFindings()
  expect(finding).toMatchObject({ severity: 'critical' })
  for (let at = 10; at <= 40; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [leaked]: { unknown: 2_000 } })
  expect(await events()).toMatchObject([{ keys: 7 }])
  expect(await openFindings()).toEqual({ [leaked]: finding })
})

test('an alert that came to look like a leak is not closed by the event that begins then', async () => {
  const [leaked, ...rest] = neighbours
  await pass(5, { [leaked]: { known: busy } })
  const { [leaked]: finding } = await openFindings()
  expect(finding).toMatchObject({ severity: 'warning' })
  for (let at = 10; at <= 25; at += 5) await pass(at, { [leaked]: { unknown: 2_000 } })
  for (let at = 30; at <= 40; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [leaked]: { unknown: 2_000 } })
  expect(await events()).toMatchObject([{ keys: 7 }])
  expect(await openFindings()).toEqual({ [leaked]: finding })
  await quarantineLeaked()
  await pass(45, all(rest, { known: busy }))
  expect(await statusOf(leaked)).toBe('inactive')
})

test('a leak of a key that had no part in an event which is open is alerted and quarantined', async () => {
  const [leaked, ...rest] = neighbours
  await quarantineLeaked()
  await beBusy(rest)
  await pass(190, { ...all(rest, { known: busy }), [leaked]: { unknown: 2_000 } })
  expect(Object.keys(await openFindings())).toEqual([leaked])
  expect(await statusOf(leaked)).toBe('inactive')
  expect(await events()).toMatchObject([{ keys: 7, over_at: null }])
})

test('five keys that somebody makes busy from a new network are no event that could hide a sixth', async () => {
  const ids = neighbours
  const [hidden, ...rest] = ids as [string, ...string[]]
  await pass(5, all(rest.slice(0, 5), { unknown: busy }))
  expect(await events()).toEqual([])
  expect(Object.keys(await openFindings()).toSorted()).toEqual(rest.slice(0, 5).toSorted())
  await pass(10, { [hidden]: { unknown: busy } })
  expect(await events()).toEqual([])
  expect(Object.keys(await openFindings())).toContain(hidden)
})

test('an event whose keys all turn out to leak is over, and says that each has an alert of its own', async () => {
  const ids = neighbours
  await beBusy(ids)
  for (let at = 190; at <= 200; at += 5) await pass(at, all(ids, { known: busy, unknown: 2_000 }))
  expect(Object.keys(await openFindings()).toSorted()).toEqual(ids.toSorted())
  const [event] = await events()
  expect(event).toMatchObject({ keys: 0, notified_keys: 0, notified_over: true })
  expect((await fleetMessages()).at(-1)).toMatchObject({ subject_id: event.id, step: 'over' })
})

test('a key that leaks when it comes back from an outage is alerted, though it fell silent with the others', async () => {
  const [leaked, ...rest] = neighbours
  for (let at = 15; at <= 90; at += 15) await pass(at, {}, 15)
  expect(await events()).toMatchObject([{ direction: 'less', keys: 8, over_at: null }])
  await pass(95, { [leaked]: { unknown: 2_000 } })
  expect(await events()).toMatchObject([{ direction: 'less', keys: 7 }])
  expect(await openFindings()).toMatchObject({ [leaked]: { severity: 'critical' } })
  await pass(100, all([leaked, ...rest], { known: 50 }))
  expect(Object.keys(await openFindings())).toEqual([leaked])
})

test('a key that comes back from an outage much busier than it was is no part of the silence', async () => {
  const [apart, ...rest] = neighbours
  for (let at = 15; at <= 120; at += 15) await pass(at, {}, 15)
  expect(await events()).toMatchObject([{ direction: 'less', keys: 8, over_at: null }])
  await pass(125, { [apart]: { known: 700 } })
  expect(await openEpisode(apart)).toMatchObject({ reason: 'spike', severity: 'warning', fleet_id: null })
  expect(Object.keys(await openFindings())).toEqual([apart])
  expect(await events()).toMatchObject([{ keys: rest.length }])
})

test('an event that is over hides no leak of a key that was in it', async () => {
  const [leaked, ...rest] = neighbours
  await beBusy([leaked, ...rest])
  await records.world.db('fleet_events').update({ over_at: minutes(186) })
  for (let at = 190; at <= 200; at += 5) await pass(at, { [leaked]: { unknown: 2_000 } })
  expect(Object.keys(await openFindings())).toEqual([leaked])
})

test('what fails from a network never seen is alerted by itself while the platform fails', async () => {
  const [apart, ...rest] = neighbours
  for (let at = 5; at <= 40; at += 5) await pass(at, all([apart, ...rest], { known: 50, failed: 40 }))
  expect(await openFindings()).toEqual({})
  for (let at = 45; at <= 90; at += 5)
    await pass(at, {
      ...all(rest, { known: 50, failed: 40 }),
      [apart]: { unknown: 60, failed: 55 },
    })
  expect(Object.keys(await openFindings())).toEqual([apart])
})

test('what a person expects of a key does not take it out of the event', async () => {
  const [expected, ...rest] = neighbours
  await pass(5, all([expected, ...rest], { known: busy }))
  await records.world.db('anomaly_expectations').insert({
    ...{ id: 'exp_move', key_id: expected, kind: 'once', reason: 'spike', declared_by: 'U0ADA00001' },
    ...{ declared_at: minutes(5), from_at: minutes(0), until_at: minutes(1440) },
  })
  for (let at = 10; at <= 30; at += 5)
    await pass(at, { ...all(rest, { known: busy }), [expected]: { unknown: busy } })
  expect(await openFindings()).toEqual({})
  expect(await events()).toMatchObject([{ keys: 8 }])
})
