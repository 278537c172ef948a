import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { watchUse } from '../../src/anomaly/watch.ts'
import { expectUse } from '../../src/findings/expect-use.ts'
import { reconcileEverywhere } from '../../src/findings/reconcile-all.ts'
import { unusualUse } from '../../src/findings/unusual-use.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { office, plantSource, plantTraffic } from './traffic.ts'

let records: Records
const dayMs = 86_400_000
/** A Wednesday, 14:00 UTC. */
const start = new Date('2026-11-25T14:00:00Z')
const usual = (minute: number, _at: Date, poisson: (mean: number) => number) => poisson(office(60)(minute))

beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())
beforeEach(async () => {
  const { db } = records.world
  for (const table of ['outbox', 'findings']) await db(table).delete()
  await db.raw(
    'truncate anomaly_states, anomaly_progress, anomaly_episodes, key_sources, usage_sources cascade',
  )
  await db('keys').update({ status: 'revoked' })
  moveTo(start)
})

function moveTo(at: Date) {
  const { calendar } = records
  calendar.advance({ days: 0, minutes: (at.getTime() - calendar.now().getTime()) / 60_000 })
}
const minutes = (n: number) => new Date(start.getTime() + n * 60_000)

/** A key of office hours that has been used from one network, by one program, for a month. */
async function learntKey(name: string): Promise<string> {
  const { db } = records.world
  const [id] = await plant(records.world, records.workspace.id, [
    { name, revealedAt: new Date(start.getTime() - 60 * dayMs), lifetimeDays: 90 },
  ])
  await plantTraffic(db, id!, new Date(start.getTime() - 30 * dayMs), minutes(5), usual)
  const first_at = new Date(start.getTime() - 30 * dayMs)
  for (const source of ['network 198.51.100.0/24', 'client python-requests'])
    await db('key_sources').insert({ key_id: id, source, first_at })
  return id!
}

async function watchAt(minute: number): Promise<void> {
  moveTo(new Date(minutes(minute).getTime() + 61_000))
  await watchUse(records.world)
  await reconcileEverywhere(records.world, unusualUse)
}
const episodes = () => records.world.db('anomaly_episodes').orderBy('id')
const findings = () => records.world.db('findings').where({ kind: 'unusual-use' })

test('scopes that are refused again and again are alerted as that, a few are not', async () => {
  const { db } = records.world
  const [probed, clumsy] = [await learntKey('Probed'), await learntKey('Clumsy')]
  await watchAt(0)
  const home = { network: '198.51.100.0/24', requests: 60 }
  await plantSource(db, probed, start, { ...home, refusedScope: 24 })
  await plantSource(db, clumsy, start, { ...home, refusedScope: 4 })
  await watchAt(5)
  expect(await episodes()).toMatchObject([{ key_id: probed, reason: 'probing', severity: 'warning' }])
  expect((await findings())[0].facts).toMatchObject({ reason: 'probing', refusedScope: 24 })
})

test('what was called the new normal is quiet from then on, and what is strange beside it is alerted', async () => {
  const { db, random } = records.world
  const id = await learntKey('Grown')
  await watchAt(0)
  const days = 12
  await plantTraffic(
    db,
    id,
    minutes(5),
    minutes(days * 1440),
    (minute, at, poisson) => 5 * usual(minute, at, poisson),
  )
  await watchAt(120)
  const [finding] = await findings()
  expect(finding).toMatchObject({ key_id: id, resolved_at: null })
  const target = { workspaceId: records.workspace.id, findingId: finding.id, random }
  await records.act((act) => expectUse(act, target, { kind: 'new-normal' }))
  for (let day = 1; day <= days; day++) await watchAt(day * 1440)
  expect(await episodes()).toMatchObject([{ over_because: 'expected' }])
  await plantTraffic(db, id, minutes(days * 1440), minutes(days * 1440 + 5), () => 9_000)
  await watchAt(days * 1440 + 5)
  expect(await episodes()).toMatchObject([{ over_because: 'expected' }, { reason: 'spike', over_at: null }])
})
