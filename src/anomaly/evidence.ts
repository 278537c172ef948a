import type { Executor } from '../foundation/database.ts'
import { dayMs, hourMs, weekMs } from '../foundation/time.ts'
import type { Evidence } from './detector/evidence.ts'

/** A key that is used from more networks, or by more clients, than this has any of them, and none of that kind is news. */
export const maxSources = 50
/** Sources are new for a day; what was kept for less than a week says nothing about what is new. */
const newMs = dayMs
const knownMs = weekMs

/**
 * Reads the evidence of the networks and clients of the last sixty minutes, and remembers those never seen before.
 * Sources are counted by the hour: of the hour before, as much as is within the sixty minutes is taken. A key whose
 * sources have all been known for long, and that was refused no scope, is absent.
 */
export async function evidenceOf(
  db: Executor,
  keyIds: readonly string[],
  until: Date,
): Promise<Map<string, Evidence>> {
  const hour = new Date(Math.floor((until.getTime() - 1) / hourMs) * hourMs)
  const gone = (until.getTime() - hour.getTime()) / hourMs
  const time = {
    hour,
    before: new Date(hour.getTime() - hourMs),
    share: Math.max(0, 1 - gone),
    new: new Date(until.getTime() - newMs),
  }
  const { rows: noteworthy } = await db.raw(hasNews, { keys: keyIds, ...time })
  if (noteworthy.length === 0) return new Map()
  const { rows } = await db.raw(statement, {
    keys: (noteworthy as { key_id: string }[]).map(({ key_id }) => key_id),
    ...time,
    known: new Date(until.getTime() - knownMs),
    max: maxSources,
  })
  type Row = { key_id: string; from_new: number; refused_scope: number }
  return new Map(
    (rows as Row[]).map((row) => [
      row.key_id,
      { fromNewSources: Number(row.from_new), refusedScope: Number(row.refused_scope) },
    ]),
  )
}

/**
 * Nearly every key has nothing new, and one look at its sources says so. All keys' known sources are read at once: to look
 * for each source by itself costs five times as much.
 */
const hasNews = `
  with used as (
    select key_id, network, client, refused_scope from usage_sources
    where key_id = any(:keys) and (hour = :hour or (hour = :before and :share::float > 0))
  ), named as (
    select key_id, 'network ' || network as source from used where network not in ('unknown', 'other')
    union all
    select key_id, 'client ' || client from used where client not in ('unknown', 'other')
  )
  select key_id from used where refused_scope > 0
  union
  select key_id from named n where not exists (select from key_sources s
    where s.key_id = any(:keys) and s.key_id = n.key_id and s.source = n.source and s.first_at < :new)`

/** A source that is not among the known ones is one that the first part has just put there: nobody sees that yet. */
const statement = `
  with used as materialized (
    select key_id, hour, network, client, requests * w.weight as requests, refused_scope * w.weight as refused_scope
    from usage_sources u cross join lateral (
      select case when u.hour = :hour then 1.0 else :share::float end as weight) w
    where key_id = any(:keys) and hour in (:hour, :before)
  ), named as (
    select key_id, 'network ' || network as source, min(hour) as first_at from used
    where network not in ('unknown', 'other') group by 1, 2
    union all
    select key_id, 'client ' || client, min(hour) from used where client not in ('unknown', 'other') group by 1, 2
  ), known as materialized (
    select key_id, count(*) filter (where source like 'network %') as networks,
      count(*) filter (where source like 'client %') as clients, min(first_at) <= :known as is_known from key_sources
    where key_id = any(:keys) group by key_id
  ), kept as (
    insert into key_sources (key_id, source, first_at)
    select n.key_id, n.source, n.first_at from named n left join known k on k.key_id = n.key_id
    where coalesce(case when n.source like 'network %' then k.networks else k.clients end, 0) < :max
      and not exists (select from key_sources s where s.key_id = n.key_id and s.source = n.source)
    order by n.key_id, n.source
    on conflict do nothing
  )
  select u.key_id, sum(u.refused_scope) as refused_scope,
    coalesce(sum(u.requests) filter (where k.is_known and (
      (u.network not in ('unknown', 'other') and k.networks < :max and coalesce(n.first_at, 'infinity') >= :new)
      or (u.client not in ('unknown', 'other') and k.clients < :max and coalesce(c.first_at, 'infinity') >= :new))), 0) as from_new
  from used u left join known k on k.key_id = u.key_id
    left join key_sources n on n.key_id = u.key_id and n.source = 'network ' || u.network
    left join key_sources c on c.key_id = u.key_id and c.source = 'client ' || u.client
  group by u.key_id`
