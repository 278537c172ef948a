import type { Executor } from '../../foundation/database.ts'
import type { Period } from '../range.ts'
import { type Reach, reachOf } from '../roll-up.ts'
import { type Query, type Sums, sums, usageRows } from '../rows.ts'
import { planSegments, type Segment } from '../segments.ts'
import type { KeyUse } from './workspace.ts'

/** The use of a workspace's keys on days in a row, the first day first. */
export type Days = {
  days: Sums[]
  /** on the last of these days: how many keys were used, and the busiest of them, the busiest first */
  keysUsed: number
  top: KeyUse[]
}

/** How many connections share the work: what is not in memory is waited for by several at once. */
const shares = 4

/**
 * Reads the use of a workspace on these days, in one pass over their rows. Each day lasts from its boundary to the next
 * one, by any clock: it may cut hours and days of UTC. Keys are reported for the last `lastDays` of them.
 */
export async function daysOf(
  db: Executor,
  workspaceId: string,
  boundaries: readonly Date[],
  { lastDays, maxKeys }: { lastDays: number; maxKeys: number },
): Promise<Days> {
  const segments = segmentsOf(boundaries, await reachOf(db))
  const first = boundaries.length - lastDays
  const parts = await Promise.all(
    Array.from({ length: shares }, async (_, share) => {
      const used = usageRows(keysIn(workspaceId, share), segments)
      const { rows } = await db.raw(statement(used.sql), [[...boundaries], ...used.values, first, maxKeys])
      return rows[0] as Part
    }),
  )
  const days = boundaries.slice(1).map(() => ({ ...nothing }))
  for (const { day, ...sums } of parts.flatMap((part) => part.days ?? [])) addTo(days[day - 1]!, sums)
  return {
    days,
    keysUsed: parts.reduce((sum, part) => sum + part.keysUsed, 0),
    top: parts
      .flatMap((part) => part.top ?? [])
      .sort(busiestFirst)
      .slice(0, maxKeys),
  }
}

type Part = { keysUsed: number; days: (Sums & { day: number })[] | null; top: KeyUse[] | null }

/** A part of a workspace's keys, about as many in each. */
const keysIn = (workspaceId: string, share: number): Query => ({
  sql: `array(select id from keys where workspace_id = ? and abs(hashtext(id)) % ${shares} = ?)`,
  values: [workspaceId, share],
})

const statement = (used: string) => `
  with slots as materialized (
    select key_id, width_bucket(at, ?::timestamptz[]) as day, ${sums} from (${used}) as used group by 1, 2
  ), per_key as materialized (
    select key_id, ${added} from slots where day >= ? group by key_id
  ), busiest as (
    select * from per_key order by greatest(requests, outcomes) desc, key_id limit ?
  )
  select (select count(*)::int from per_key) as "keysUsed",
    (select json_agg(days) from (select day, ${added} from slots group by day) as days) as days,
    (select json_agg(named) from (
       select key_id as "keyId", name, hint, requests, refused, outcomes, failed from busiest join keys on id = key_id
     ) as named) as top`

const added = `sum(requests) as requests, sum(refused) as refused, sum(outcomes) as outcomes, sum(failed) as failed`
const nothing: Sums = { requests: 0, refused: 0, outcomes: 0, failed: 0 }

function addTo(day: Sums, { requests, refused, outcomes, failed }: Sums): void {
  day.requests += requests
  day.refused += refused
  day.outcomes += outcomes
  day.failed += failed
}

const busiestFirst = (a: KeyUse, b: KeyUse): number =>
  Math.max(b.requests, b.outcomes) - Math.max(a.requests, a.outcomes) || (a.keyId < b.keyId ? -1 : 1)

/** Each day apart, so that no row holds parts of two; what goes on in the same table is read in one go. */
function segmentsOf(boundaries: readonly Date[], reach: Reach): Segment[] {
  const days = boundaries.slice(1).map((to, i): Period => ({ from: boundaries[i]!, to }))
  const joined: Segment[] = []
  for (const segment of days.flatMap((day) => planSegments(day, 'day', reach))) {
    const last = joined.at(-1)
    if (last?.step === segment.step && last.to.getTime() === segment.from.getTime()) last.to = segment.to
    else joined.push({ ...segment })
  }
  return joined
}
