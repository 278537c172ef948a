import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { dayMs, hourMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import type { Figures } from './detector/explain.ts'
import { type Direction, directionOf, fewestKeys, gather, maxActive, type Spoke } from './detector/fleet.ts'
import { type Reason, reasons } from './detector/reason.ts'
import { factorOf } from './severity.ts'

type Deps = Pick<World, 'db' | 'random'>

/** Keys that alerted within this time may be one event. */
const togetherMs = hourMs
/** An event that nobody has joined for so long, or whose keys are all as usual again, is over. */
const overMs = dayMs
const activeMs = dayMs

/**
 * Makes one event of what many of a workspace's keys did within an hour: their episodes belong to it and do not alert one
 * by one. Keys that follow while it lasts join it. An episode that stands alone, such as a leak, never joins, and leaves
 * when it comes to that later; so does one that is far beyond the others.
 */
export async function gatherFleets(world: Deps, until: Date): Promise<void> {
  await world.db.transaction(leave)
  const { rows } = await world.db.raw(
    `select workspace_id from anomaly_episodes
     where over_at is null and fleet_id is null and not stands_alone and declared_at > ?
     union select workspace_id from fleet_events where over_at is null`,
    [new Date(until.getTime() - togetherMs)],
  )
  for (const { workspace_id: workspaceId } of rows as { workspace_id: string }[])
    await world.db.transaction((trx) => gatherIn(trx, world, workspaceId, until))
  await world.db.transaction((trx) => endFleets(trx, until))
}

async function gatherIn(trx: Transaction, { random }: Deps, workspaceId: string, until: Date): Promise<void> {
  const open: { id: string; direction: Direction; began_at: Date }[] = await trx('fleet_events')
    .where({ workspace_id: workspaceId })
    .whereNull('over_at')
    .select('id', 'direction', 'began_at')
  const members = new Map<Direction, Spoke[]>(open.map(({ direction }) => [direction, []]))
  const spoke: Spoke[] = []
  for (const row of await readSpoke(trx, workspaceId, until)) {
    const event = open.find(({ id }) => id === row.fleetId)
    if (event) members.get(event.direction)!.push(row)
    else spoke.push(row)
  }
  const active = spoke.length >= fewestKeys ? await activeKeys(trx, workspaceId, until, spoke.length) : 0
  const { begins, apart } = gather(spoke, members, active)
  if (apart.length > 0) {
    await trx('anomaly_episodes').whereRaw('id = any(?)', [apart]).update({ stands_alone: true })
    await leave(trx)
  }
  const fresh = begins.map((direction) => ({ id: newId('flt', random), direction }))
  for (const { id, direction } of fresh)
    await trx('fleet_events').insert({
      ...{ id, workspace_id: workspaceId, direction, active_keys: active, keys: 0 },
      ...{ began_at: until, grown_at: until },
    })
  for (const { id, direction } of [...open, ...fresh]) await join(trx, { id, workspaceId, direction }, until)
}

type Row = Spoke & { fleetId: string | null }

/** The open episodes of events, and those that alerted within the hour and do not stand alone. */
async function readSpoke(trx: Transaction, workspaceId: string, until: Date): Promise<Row[]> {
  const { rows } = await trx.raw(
    `select id::int, reason, fleet_id, facts->'figures' as figures from anomaly_episodes
     where workspace_id = ? and over_at is null and not stands_alone
       and (fleet_id is not null or declared_at > ?) order by id`,
    [workspaceId, new Date(until.getTime() - togetherMs)],
  )
  type Read = { id: number; reason: Reason; fleet_id: string | null; figures: Figures }
  return (rows as Read[]).map(({ id, reason, fleet_id: fleetId, figures }) => ({
    ...{ id, reason, fleetId, factor: factorOf(figures) },
  }))
}

/** Removes the episodes that stand alone by now, or move the other way than their event. */
async function leave(trx: Transaction): Promise<void> {
  await trx.raw(
    `with leaving as (
       update anomaly_episodes e set fleet_id = null, left_fleet_id = f.id from fleet_events f
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
