import type { Executor } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'

/** Requests of one key from one network by one client. `firstAt` is exact to the hour. */
export type Source = {
  network: string
  client: string
  requests: number
  refused: number
  refusedScope: number
  firstAt: Date
  lastAt: Date
}

const maxSources = 200

/**
 * Where the requests of these keys came from in the hours that touch [from, to), the latest source first; at most two
 * hundred per key.
 */
export async function sourcesOf(
  db: Executor,
  keyIds: readonly string[],
  from: Date,
  to: Date,
): Promise<Map<string, Source[]>> {
  const { rows } = await db.raw(statement, [[...keyIds], new Date(from.getTime() - hourMs), to, maxSources])
  return byKey(rows)
}

/** The same in the hours that touch the time before a moment of each key. */
export async function sourcesBefore(
  db: Executor,
  keys: readonly { id: string; until: Date }[],
  lengthMs: number,
): Promise<Map<string, Source[]>> {
  const { rows } = await db.raw(statementBefore, {
    ids: keys.map(({ id }) => id),
    froms: keys.map(({ until }) => new Date(until.getTime() - lengthMs - hourMs)),
    untils: keys.map(({ until }) => until),
    max: maxSources,
  })
  return byKey(rows)
}

type Row = Omit<Source, 'refusedScope' | 'firstAt' | 'lastAt'> & {
  key_id: string
  refused_scope: number
  first_at: Date
  last_at: Date
  rank: number
}

function byKey(rows: readonly Row[]): Map<string, Source[]> {
  const sources = new Map<string, Source[]>()
  for (const { key_id, network, client, requests, refused, refused_scope, first_at, last_at } of rows) {
    const ofKey = sources.get(key_id) ?? []
    sources.set(key_id, ofKey)
    ofKey.push({
      ...{ network, client, requests, refused, refusedScope: refused_scope },
      ...{ firstAt: first_at, lastAt: last_at },
    })
  }
  return sources
}

const statementBefore = `
  select * from unnest(:ids::text[], :froms::timestamptz[], :untils::timestamptz[]) as k (id, from_at, until_at)
    cross join lateral (
      select key_id, network, client, sum(requests)::bigint as requests, sum(refused)::bigint as refused,
        sum(refused_scope)::bigint as refused_scope, min(hour) as first_at, max(last_at) as last_at,
        row_number() over (order by max(last_at) desc, network, client) as rank
      from usage_sources where key_id = k.id and hour > k.from_at and hour <= k.until_at
      group by key_id, network, client order by rank limit :max
    ) as used order by key_id, rank`

const statement = `
  select * from (
    select key_id, network, client, sum(requests)::bigint as requests, sum(refused)::bigint as refused,
      sum(refused_scope)::bigint as refused_scope, min(hour) as first_at, max(last_at) as last_at,
      row_number() over (partition by key_id order by max(last_at) desc, network, client) as rank
    from usage_sources where key_id = any(?) and hour > ? and hour < ?
    group by key_id, network, client
  ) as ranked where rank <= ? order by key_id, rank`
