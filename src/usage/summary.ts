import type { Executor } from '../foundation/database.ts'
import { type Period, type Range, windowOf } from './range.ts'
import { type Reach, reachOf } from './roll-up.ts'
import { figures, type Query, type Sums, sums, usageRows } from './rows.ts'
import { planSegments } from './segments.ts'

/** The requests of a key to one endpoint; `other` is for those that no route names. */
type EndpointUse = Sums & { endpoint: string }

/** A key over a range, compared with the stretch of the same length before it. */
export type Summary = {
  totals: Sums
  before: Sums
  /** the ten busiest, the busiest first */
  endpoints: EndpointUse[]
  /** how many were seen in the hours that touch the range; those beyond what is kept apart count as one */
  networks: number
  clients: number
  /** ever, not in the range; undefined for a key that was never used */
  firstUsedAt: Date | undefined
  lastUsedAt: Date | undefined
}

const maxEndpoints = 10

/** Reads the usage panel of one key from days, hours and the five minutes at the edges of the range. */
export async function summaryOf(db: Executor, keyId: string, range: Range, now: Date): Promise<Summary> {
  const window = windowOf(range, now)
  const reach = await reachOf(db)
  const used = (period: Period) => usedIn(keyId, period, reach)
  const [totals, before, endpoints, sources, use] = await Promise.all([
    totalsOf(db, used(window)),
    totalsOf(db, used(window.before)),
    endpointsOf(db, used(window)),
    sourcesIn(db, keyId, window),
    db('key_usage').where({ key_id: keyId }).first('first_used_at', 'last_used_at'),
  ])
  const ever = { firstUsedAt: use?.first_used_at, lastUsedAt: use?.last_used_at }
  return { totals, before, endpoints, ...sources, ...ever }
}

/**
 * The share of requests that went well, from 0 to 1: of what the platform reported, if it reports; else of what was
 * verified, the share answered VALID. Undefined where there were none.
 */
export function successRate({ requests, refused, outcomes, failed }: Sums): number | undefined {
  if (outcomes > 0) return (outcomes - failed) / outcomes
  return requests > 0 ? (requests - refused) / requests : undefined
}

const usedIn = (keyId: string, period: Period, reach: Reach): Query =>
  usageRows([keyId], planSegments(period, 'day', reach))

async function totalsOf(db: Executor, used: Query): Promise<Sums> {
  const { rows } = await db.raw(`select ${sums} from (${used.sql}) as used`, used.values)
  return figures(rows[0])
}

async function endpointsOf(db: Executor, used: Query): Promise<EndpointUse[]> {
  const { rows } = await db.raw(
    `select name as endpoint, ${sums} from (${used.sql}) as used join usage_endpoints on id = endpoint_id
     group by name
     order by greatest(sum(requests) filter (where source = 'verify'),
       sum(requests) filter (where source = 'outcome')) desc, name
     limit ?`,
    [...used.values, maxEndpoints],
  )
  return rows.map(figures<{ endpoint: string }>)
}

async function sourcesIn(db: Executor, keyId: string, { from, to }: Period) {
  const { rows } = await db.raw(
    `select count(distinct network) as networks, count(distinct client) as clients
     from usage_sources where key_id = ? and hour > ?::timestamptz - interval '1 hour' and hour < ?`,
    [keyId, from, to],
  )
  return { networks: rows[0].networks, clients: rows[0].clients }
}
