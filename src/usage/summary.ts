import type { Executor } from '../foundation/database.ts'
import { type Period, type Range, windowOf } from './range.ts'
import { figures, type Sums, sums } from './traffic.ts'

/** What one endpoint had of a key's requests; `other` is what no route names. */
export type EndpointUse = Sums & { endpoint: string }

/** A key over a range, compared with the stretch of the same length before it. */
export type Summary = {
  totals: Sums
  before: Sums
  /** the busiest first */
  endpoints: EndpointUse[]
  /** ever, not in the range; undefined for a key that was never used */
  firstUsedAt: Date | undefined
  lastUsedAt: Date | undefined
}

const mostEndpoints = 10

export async function summaryOf(db: Executor, keyId: string, range: Range, now: Date): Promise<Summary> {
  const window = windowOf(range, now)
  const [totals, before, endpoints, use] = await Promise.all([
    totalsOf(db, keyId, window),
    totalsOf(db, keyId, window.before),
    endpointsOf(db, keyId, window),
    db('key_usage').where({ key_id: keyId }).first('first_used_at', 'last_used_at'),
  ])
  return { totals, before, endpoints, firstUsedAt: use?.first_used_at, lastUsedAt: use?.last_used_at }
}

/**
 * The share of requests that went well, from 0 to 1: of what the platform reported, if it reports; else of what was
 * verified, the share answered VALID. Undefined where there were none.
 */
export function successRate({ requests, refused, outcomes, failed }: Sums): number | undefined {
  if (outcomes > 0) return (outcomes - failed) / outcomes
  return requests > 0 ? (requests - refused) / requests : undefined
}

async function totalsOf(db: Executor, keyId: string, { from, to }: Period): Promise<Sums> {
  const { rows } = await db.raw(
    `select ${sums} from usage_buckets where key_id = ? and bucket >= ? and bucket < ?`,
    [keyId, from, to],
  )
  return figures(rows[0])
}

async function endpointsOf(db: Executor, keyId: string, { from, to }: Period): Promise<EndpointUse[]> {
  const { rows } = await db.raw(
    `select name as endpoint, ${sums} from usage_buckets join usage_endpoints on id = endpoint_id
     where key_id = ? and bucket >= ? and bucket < ?
     group by name order by sum(requests) desc, name limit ?`,
    [keyId, from, to, mostEndpoints],
  )
  return rows.map(figures<{ endpoint: string }>)
}
