import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { dayMs, hourMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { type Direction, directionOf, fewestKeys, fleetEvents, maxActive } from './detector/fleet.ts'
import { type Reason, reasons } from './detector/reason.ts'

type Deps = Pick<World, 'db' | 'random'>

/** Keys that alerted within this time may be one event. */
const togetherMs = hourMs
/** An event that nobody has joined for so long, or whose keys are all as usual again, is over. */
const overMs = dayMs
const activeMs = dayMs

/**
 * Makes one event of what many of a workspace's keys did within an hour: their episodes belong to it and do not alert one
 * by one. Keys that follow while it lasts join it. An episode that stands alone, such as a leak, never joins, and leaves
 * when it comes to that later.
 */
export async function gatherFleets(world: Deps, until: Date): Promise<void> {
  await world.db.transaction(leave)
  const { rows } = await world.db.raw(
    `select workspace_id, reason, count(*)::int as keys from anomaly_episodes
     where over_at is null and fleet_id is null and not stands_alone and declared_at > ? group by 1, 2`,
    [new Date(until.getTime() - togetherMs)],
  )
  const recent = rows as Recent[]
  for (const workspaceId of new Set(recent.map((row) => row.workspace_id))) {
    const reasons = recent.filter((row) => row.workspace_id === workspaceId)
    await world.db.transaction((trx) => gather(trx, world, workspaceId, reasons, until))
  }
  await world.db.transaction((trx) => endFleets(trx, until))
}

type Recent = { workspace_id: string; reason: Reason; keys: number }

async function gather(
  trx: Transaction,
  { random }: Deps,
  workspaceId: string,
  recent: readonly Recent[],
  until: Date,
): Promise<void> {
  const open = await trx('fleet_events')
    .where({ workspace_id: workspaceId })
    .whereNull('over_at')
    .select('id', 'direction')
  const joined = new Map<Direction, string>(open.map(({ id, direction }) => [direction, id]))
  const spoke = recent.flatMap(({ reason, keys }) => Array<Reason>(keys).fill(reason))
  const active = spoke.length >= fewestKeys ? await activeKeys(trx, workspaceId, until, spoke.length) : 0
  for (const direction of fleetEvents(spoke, active))
    if (!joined.has(direction)) {
      const id = newId('flt', random)
      await trx('fleet_events').insert({
        ...{ id, workspace_id: workspaceId, direction, active_keys: active, keys: 0 },
        ...{ began_at: until, grown_at: until },
      })
      joined.set(direction, id)
    }
  for (const [direction, id] of joined) await join(trx, { id, workspaceId, direction }, until)
}

/** Removes the episodes that stand alone by now, or move the other way than their event. */
async function leave(trx: Transaction): Promise<void> {
  await trx.raw(
    `with leaving as (
       update anomaly_episodes e set fleet_id = null from fleet_events f
       where f.id = e.fleet_id and e.over_at is null and (e.stands_alone or not exists (
         select from unnest(:reasons::text[], :directions::text[]) as d (reason, direction)
         where d.reason = e.reason and d.direction = f.direction))
       returning f.id)
     update fleet_events f set keys = f.keys - l.keys
     from (select id, count(*)::int as keys from leaving group by id) l where f.id = l.id`,
    { reasons: [...reasons], directions: reasons.map(directionOf) },
  )
}

/** Joins only episodes that alerted since shortly before the event began: earlier ones are incidents of their own. */
async function join(
  trx: Transaction,
  { id, workspaceId, direction }: { id: string; workspaceId: string; direction: Direction },
  until: Date,
): Promise<void> {
  const its = reasons.filter((reason) => directionOf(reason) === direction)
  await trx.raw(
    `with joining as (
       update anomaly_episodes e set fleet_id = f.id from fleet_events f
       where f.id = :id and e.workspace_id = :workspaceId and e.over_at is null and e.fleet_id is null
         and not e.stands_alone and e.reason = any(:its) and e.declared_at > f.began_at - interval '1 hour'
       returning e.began_at)
     update fleet_events f set keys = f.keys + j.keys, began_at = least(f.began_at, j.began_at), grown_at = :until
     from (select count(*)::int as keys, min(began_at) as began_at from joining) j where f.id = :id and j.keys > 0`,
    { id, workspaceId, its, until },
  )
}

/** Counted only as far as it matters: of a million keys, a hundred that spoke are no event, however many are active. */
const activeKeys = async (
  trx: Transaction,
  workspaceId: string,
  until: Date,
  spoke: number,
): Promise<number> => {
  const { rows } = await trx.raw(
    `select count(*)::int as keys from (
       select from keys k join key_usage u on u.key_id = k.id
       where k.workspace_id = ? and k.status = 'active' and u.last_used_at > ? limit ?) as active`,
    [workspaceId, new Date(until.getTime() - activeMs), maxActive(spoke) + 1],
  )
  return rows[0].keys
}

async function endFleets(trx: Transaction, until: Date): Promise<void> {
  await trx.raw(
    `update fleet_events f set over_at = :until where over_at is null and (f.grown_at < :latest or not exists (
       select from anomaly_episodes e where e.fleet_id = f.id and e.over_at is null))`,
    { until, latest: new Date(until.getTime() - overMs) },
  )
}
