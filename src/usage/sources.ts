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
  const sources = new Map<string, Source[]>()
  for (const { key_id, refused_scope, first_at, last_at, rank: _rank, ...row } of rows) {
    const ofKey = sources.get(key_id) ?? []
    sources.set(key_id, ofKey)
    ofKey.push({ ...row, refusedScope: refused_scope, firstAt: first_at, lastAt: last_at })
  }
  return sources
}

const statement = `
  select * from (
    select key_id, network, client, sum(requests)::bigint as requests, sum(refused)::bigint as refused,
      sum(refused_scope)::bigint as refused_scope, min(hour) as first_at, max(last_at) as last_at,
      row_number() over (partition by key_id order by max(last_at) desc, network, client) as rank
    from usage_sources where key_id = any(?) and hour > ? and hour < ?
    group by key_id, network, client
  ) as ranked where rank <= ? order by key_id, rank`
