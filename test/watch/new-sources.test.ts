import { messagesIn } from 'local-slack/inspect'
import { beforeEach, expect, test, vi } from 'vitest'
import { explain } from '../../src/anomaly/detector/explain.ts'
import { newState } from '../../src/anomaly/detector/state.ts'
import { recordAlarms } from '../../src/anomaly/episodes.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { watchSources } from '../../src/anomaly/watch-sources.ts'
import { house, makeKey, said, security, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { office, plantSource, plantTraffic } from './traffic.ts'

const dayMs = 86_400_000
const bucketMs = 300_000

useHouse()

beforeEach(async () => {
  await house.world.db('anomaly_episodes').update({ over_at: new Date(0), over_because: 'calm' })
  await house.world.db('fresh_sources').delete()
})

const keyId = async (name: string): Promise<string> =>
  (await house.world.db('keys').where({ name }).first('id')).id

/** A month of office hours from one network by one client, which the detector has stepped through. */
async function furnish(name: string, peak = 60): Promise<string> {
  const { db, clock } = house.world
  const id = await keyId(name)
  const until = new Date(Math.floor(clock.now().getTime() / bucketMs) * bucketMs)
  const first_at = new Date(until.getTime() - 30 * dayMs)
  // The last five minutes are those that the detector has not seen yet.
  await plantTraffic(
    db,
    id,
    first_at,
    new Date(until.getTime() + bucketMs),
    (minute, at, poisson) => poisson(office(peak)(minute)) + (at < until ? 0 : 1),
  )
  for (const source of ['network 198.51.100.0/24', 'client python-requests'])
    await db('key_sources').insert({ key_id: id, source, first_at })
  house.calendar.advance({ days: 0, minutes: 7 })
  await vi.waitFor(
    async () => {
      await db('usage_counters').update({ through: clock.now() })
      await watchUse(house.world)
      expect(await db('anomaly_states').where({ key_id: id }).first('key_id')).toBeDefined()
    },
    { timeout: 40_000 },
  )
  return id
}

/** Requests to the toy platform, as a program of that name in that network makes them. */
async function call(token: string, requests: number, ip: string, userAgent: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': ip, 'user-agent': userAgent }
  for (let i = 0; i < requests; i++)
    await fetch(`${house.platform.url}/v1/contacts`, { headers }).then((answer) => answer.text())
}

const episodesOf = (id: string) =>
  house.world.db('anomaly_episodes').where({ key_id: id }).whereNull('over_at').select('reason', 'severity')

async function plantAnHour(name: string, source: Parameters<typeof plantSource>[3]): Promise<string> {
  const [workspace] = await house.world.db('workspaces').select('id')
  await plant(house.world, workspace.id, [{ name }])
  const id = await furnish(name)
  const now = house.world.clock.now()
  await plantSource(house.world.db, id, new Date(Math.floor(now.getTime() / 3_600_000) * 3_600_000), source)
  await watchSources(house.world)
  return id
}

test('a thief is alerted within a minute of the first request: verified, counted, judged, and in the channel', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Stolen' })
  await furnish('Stolen')
  const begun = house.calendar.now().getTime()
  await call(token, 60, '203.0.113.9', 'python-urllib3/2.2')
  const alert = await manager.waitFor((screen) =>
    messagesIn(screen, security).find((one) => said(one).includes('Stolen may have leaked')),
  )
  const seconds = (house.calendar.now().getTime() - begun) / 1000
  expect(said(alert)).toMatch(
    /\d+ requests in \d+ seconds? from 203\.0\.113\.0\/24 by the client python-urllib3, which it was never used from or by before; in that time it usually has \d+ requests?\./,
  )
  expect(seconds).toBeLessThan(60)
  expect(await episodesOf(await keyId('Stolen'))).toEqual([{ reason: 'new-network', severity: 'critical' }])
})

test('somebody who tries the key of a service by hand is a warning of its own', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Tried out' })
  await furnish('Tried out')
  await call(token, 3, '203.0.113.9', 'curl/8.5.0')
  const alert = await manager.waitFor((screen) =>
    messagesIn(screen, security).find((one) => said(one).includes('somebody seems to use it by hand')),
  )
  expect(said(alert)).toMatch(
    /Tried out: somebody seems to use it by hand: \d requests by the client curl from 203\.0\.113\.0\/24\./,
  )
  expect(await episodesOf(await keyId('Tried out'))).toEqual([{ reason: 'person', severity: 'warning' }])
})

test('a known client from a new network, and a new one from a known network, are not alerted', async () => {
  const moved = { network: '203.0.113.0/24', client: 'python-requests', requests: 5_000 }
  const renamed = { network: '198.51.100.0/24', client: 'axios', requests: 5_000 }
  expect(await episodesOf(await plantAnHour('Moved', moved))).toEqual([])
  expect(await episodesOf(await plantAnHour('Renamed', renamed))).toEqual([])
  expect(await episodesOf(await plantAnHour('Both', { ...moved, client: 'axios' }))).toHaveLength(1)
})

test('one thief is one message, and what a person settled stays settled for as long as a source is new', async () => {
  const { db, clock } = house.world
  const id = await plantAnHour('Settled', { network: '203.0.113.0/24', client: 'axios', requests: 5_000 })
  expect(await watchSources(house.world)).toBe(0)
  await db('anomaly_episodes')
    .where({ key_id: id })
    .update({ over_at: clock.now(), over_because: 'activated', over_by: 'U0ADA00001' })
  expect(await watchSources(house.world)).toBe(0)
})

test('a few requests are a warning, and become critical as they grow', async () => {
  const { db } = house.world
  const source = { network: '203.0.113.0/24', client: 'axios', requests: 15 }
  const [workspace] = await db('workspaces').select('id')
  await plant(house.world, workspace.id, [{ name: 'Growing' }])
  const id = await furnish('Growing', 0.5)
  const hour = new Date(Math.floor(house.world.clock.now().getTime() / 3_600_000) * 3_600_000)
  // The running worker may judge it first.
  const becomes = (severity: string) =>
    vi.waitFor(
      async () => {
        await watchSources(house.world)
        expect(await episodesOf(id)).toEqual([{ reason: 'new-network', severity }])
      },
      { timeout: 40_000 },
    )
  await plantSource(db, id, hour, source)
  await becomes('warning')
  await db('usage_sources').where({ key_id: id, client: 'axios' }).update({ requests: 400 })
  await becomes('critical')
  expect(await watchSources(house.world)).toBe(0)
})

test('what the whole five minutes show takes the place of what was seen within them, in the same message', async () => {
  const { db, clock } = house.world
  const manager = house.as('manager')
  const about = (words: RegExp) =>
    manager.waitFor((screen) => {
      const messages = messagesIn(screen, security).filter((one) => said(one).includes('Measured'))
      return messages.some((one) => words.test(said(one))) && messages
    })
  const id = await plantAnHour('Measured', { network: '203.0.113.0/24', client: 'axios', requests: 5_000 })
  expect(await about(/Measured may have leaked: 5,000 requests .* by the client axios/)).toHaveLength(1)
  const from = new Date(Math.floor(clock.now().getTime() / bucketMs) * bucketMs)
  await plantTraffic(db, id, from, new Date(from.getTime() + bucketMs), () => 5_000)
  house.calendar.advance({ days: 0, minutes: 7 })
  await vi.waitFor(
    async () => {
      await db('usage_counters').update({ through: clock.now() })
      await watchUse(house.world)
      expect(await episodesOf(id)).toEqual([{ reason: 'spike', severity: 'critical' }])
    },
    { timeout: 40_000 },
  )
  expect(await about(/Measured may have leaked: .* in five minutes/)).toHaveLength(1)
  const finding = await db('findings').where({ key_id: id }).first('id', 'step')
  expect(await db('outbox').where({ item_id: finding.id, mode: 'thread' }).pluck('step')).toEqual([
    finding.step,
  ])
})

test('a new source judged while the whole five minutes are written does not take their place', async () => {
  const { db } = house.world
  const [workspace] = await db('workspaces').select('id')
  await plant(house.world, workspace.id, [{ name: 'Raced' }])
  const id = await furnish('Raced')
  const at = house.world.clock.now().getTime() / 1_000 - 7_200
  const figures = explain(newState(), 5_000)
  const evidence = { fromNewSources: 5_000, refusedScope: 0 }
  const spike = { reason: 'spike', score: 1, expected: false, keyId: id, workspaceId: workspace.id } as const
  const writing = await db.transaction()
  await recordAlarms(writing, [{ ...spike, at, figures, evidence }])
  const hour = new Date(Math.floor(house.world.clock.now().getTime() / 3_600_000) * 3_600_000)
  await plantSource(db, id, hour, { network: '203.0.113.0/24', client: 'axios', requests: 5_000 })
  const judging = Promise.all([watchSources(house.world), watchSources(house.world)])
  await vi.waitFor(
    async () => {
      const { rows } = await db.raw(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and query like '%insert into anomaly_episodes%'`,
      )
      // The running worker may be one of them.
      expect(rows.length).toBeGreaterThanOrEqual(2)
    },
    { timeout: 40_000 },
  )
  await writing.commit()
  expect(await judging).toContain(1)
  const { level, reason } = await db('anomaly_episodes').where({ key_id: id }).whereNull('over_at').first()
  expect({ level, reason }).toEqual({ level: 0, reason: 'spike' })
})

test('a key whose sources are kept for less than a week has no new ones', async () => {
  const { db, clock } = house.world
  const [workspace] = await db('workspaces').select('id')
  await plant(house.world, workspace.id, [{ name: 'Young' }])
  const id = await furnish('Young')
  await db('key_sources')
    .where({ key_id: id })
    .update({ first_at: new Date(clock.now().getTime() - 6 * dayMs) })
  const hour = new Date(Math.floor(clock.now().getTime() / 3_600_000) * 3_600_000)
  await plantSource(db, id, hour, { network: '203.0.113.0/24', client: 'axios', requests: 5_000 })
  expect(await db('fresh_sources').where({ key_id: id })).toEqual([])
})
