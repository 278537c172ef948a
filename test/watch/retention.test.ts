import { afterAll, beforeAll, expect, test } from 'vitest'
import { forgetWatched, keptEpisodeDays } from '../../src/anomaly/retention.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { plantTraffic } from './traffic.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const dayMs = 86_400_000

async function watched(name: string): Promise<string> {
  const { calendar, world, workspace } = records
  const now = calendar.now()
  const [id] = await plant(world, workspace.id, [
    { name, revealedAt: new Date(now.getTime() - 60 * dayMs), lifetimeDays: 90 },
  ])
  await world.db('anomaly_states').insert({ key_id: id, through: now, state: Buffer.alloc(8) })
  await world.db('key_sources').insert([
    { key_id: id, source: 'network 198.51.100.0/24', first_at: now },
    { key_id: id, source: 'client curl', first_at: now },
  ])
  return id!
}

async function episode(keyId: string, daysAgo: number, overDaysAgo?: number, fleetId?: string) {
  const ago = (days: number) => new Date(records.calendar.now().getTime() - days * dayMs)
  const [row] = await records.world
    .db('anomaly_episodes')
    .insert({
      ...{
        key_id: keyId,
        workspace_id: records.workspace.id,
        reason: 'spike',
        severity: 'warning',
        facts: {},
      },
      ...{
        began_at: ago(daysAgo),
        declared_at: ago(daysAgo),
        strange_at: ago(daysAgo),
        fleet_id: fleetId ?? null,
      },
      ...(overDaysAgo === undefined ? {} : { over_at: ago(overDaysAgo), over_because: 'calm' }),
    })
    .returning('id')
  return row.id
}

const keysIn = async (table: string): Promise<string[]> =>
  (await records.world.db(table).distinct('key_id').orderBy('key_id')).map(({ key_id }) => key_id)

test('what was known of the use of a revoked key is forgotten, of every other it is kept', async () => {
  const { world, calendar } = records
  const [live, paused, revoked] = [await watched('Live'), await watched('Paused'), await watched('Revoked')]
  await world.db('keys').where({ id: paused }).update({ status: 'inactive' })
  await world.db('keys').where({ id: revoked }).update({ status: 'revoked' })
  expect(await forgetWatched(world.db, calendar.now())).toBe(3)
  expect(await keysIn('anomaly_states')).toEqual([live, paused].toSorted())
  expect(await keysIn('key_sources')).toEqual([live, paused].toSorted())
  expect(await forgetWatched(world.db, calendar.now())).toBe(0)
})

test('a revoked key that is still presented gets no new state', async () => {
  const { world, calendar } = records
  const dead = await watched('Dead')
  await world.db('keys').where({ id: dead }).update({ status: 'revoked' })
  await forgetWatched(world.db, calendar.now())
  const now = calendar.now().getTime()
  const from = new Date(Math.floor(now / 300_000) * 300_000 - 600_000)
  await plantTraffic(world.db, dead, from, new Date(now), () => ({ requests: 50, refused: 50 }))
  await watchUse(world)
  expect(await keysIn('anomaly_states')).not.toContain(dead)
})

test('a time of unusual use is kept while it lasts and for months after it, and then forgotten with its event', async () => {
  const { world, calendar, workspace } = records
  const { db } = world
  const key = await watched('Once strange')
  const at = new Date(calendar.now().getTime() - 200 * dayMs)
  await db('fleet_events').insert(
    ['flt_old', 'flt_held'].map((id) => ({
      ...{ id, workspace_id: workspace.id, direction: 'more', keys: 1, active_keys: 5 },
      ...{ began_at: at, grown_at: at, over_at: at },
    })),
  )
  const long = await episode(key, 200, keptEpisodeDays + 1, 'flt_old')
  const kept = [await episode(key, 200, keptEpisodeDays - 1, 'flt_held'), await episode(key, 200)]
  await forgetWatched(db, calendar.now())
  const left = (await db('anomaly_episodes').orderBy('id')).map(({ id }) => id)
  expect(left).toEqual(kept)
  expect(left).not.toContain(long)
  expect((await db('fleet_events')).map(({ id }) => id)).toEqual(['flt_held'])
})
