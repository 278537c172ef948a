import type { Executor } from '../foundation/database.ts'
import { cover, type Segment } from '../usage/cover.ts'
import type { Period } from '../usage/range.ts'
import { type Reach, reachOf } from '../usage/roll-up.ts'
import { figures, type Sums, sums, usedBy } from '../usage/rows.ts'
import { type KeyUse, keysOf } from './usage.ts'

/** What the keys of a workspace did on days in a row, the first day first. */
export type Days = {
  days: Sums[]
  keysUsed: number
  /** the busiest keys, the busiest first */
  top: KeyUse[]
}

/**
 * What a workspace did on these days, in one pass over their rows. Each day lasts from its boundary to the next one,
 * by whatever clock: it may cut hours and days of UTC.
 */
export async function daysOf(
  db: Executor,
  workspaceId: string,
  boundaries: readonly Date[],
  mostKeys: number,
): Promise<Days> {
  const used = usedBy(keysOf(workspaceId), segmentsOf(boundaries, await reachOf(db)))
  const { rows } = await db.raw(
    `with slots as materialized (
       select key_id, width_bucket(at, ?::timestamptz[]) as day, ${sums} from (${used.sql}) as used group by 1, 2
     ), per_key as materialized (
       select key_id, ${added} from slots group by key_id
     ), busiest as (
       select * from per_key order by greatest(requests, outcomes) desc, key_id limit ?
     )
     select (select count(*)::int from per_key) as "keysUsed",
       (select json_agg(days) from (select day, ${added} from slots group by day) as days) as days,
       (select json_agg(named order by greatest(requests, outcomes) desc, "keyId") from (
          select key_id as "keyId", name, hint, requests, refused, outcomes, failed
          from busiest join keys on id = key_id
        ) as named) as top`,
    [[...boundaries], ...used.values, mostKeys],
  )
  const { keysUsed, days, top } = rows[0]
  const byPlace = new Map<number, Sums>(
    (days ?? []).map(({ day, ...row }: Sums & { day: number }) => [day, figures(row)]),
  )
  return {
    keysUsed,
    days: boundaries.slice(1).map((_, i) => byPlace.get(i + 1) ?? { ...nothing }),
    top: (top ?? []).map(figures<Omit<KeyUse, keyof Sums>>),
  }
}

const added = `sum(requests) as requests, sum(refused) as refused, sum(outcomes) as outcomes, sum(failed) as failed`
const nothing: Sums = { requests: 0, refused: 0, outcomes: 0, failed: 0 }

/** Each day apart, so that no row holds parts of two; what goes on in the same table is read in one go. */
function segmentsOf(boundaries: readonly Date[], reach: Reach): Segment[] {
  const days = boundaries.slice(1).map((to, i): Period => ({ from: boundaries[i]!, to }))
  const joined: Segment[] = []
  for (const segment of days.flatMap((day) => cover(day, 'day', reach))) {
    const last = joined.at(-1)
    if (last?.step === segment.step && last.to.getTime() === segment.from.getTime()) last.to = segment.to
    else joined.push({ ...segment })
  }
  return joined
}
