import type { Knex } from 'knex'
import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import type { Policy } from '../policy/policy.ts'
import { expiring, overdue } from './due.ts'
import { type Viewer, visible } from './find.ts'
import { beyond, countLimit, countUpTo, type Edge, type Listing, ordered, type Page, pageOf } from './page.ts'

/** A key that ends this soon needs attention, and one that has ended for this long, somebody may still miss it. */
const soonDays = 7
const endedDays = 30

/** Keys that need attention, in two queues: those that end soon or have just ended, then those due for rotation. */
const queues = [
  { column: 'works_until', narrow: ending },
  { column: 'revealed_at', narrow: due },
] as const

/**
 * One page of what needs attention, the most urgent first. Each queue is read from its own index, no further than
 * the page; an edge says in front of its time which queue it is in.
 */
export async function attentionPage(db: Executor, listing: Listing): Promise<Page> {
  const { viewer, cursor, rowCount, policy, now, counted } = listing
  const backwards = cursor.before !== undefined
  const pages = queues.map(({ column, narrow }, rank) => {
    const within = edgesWithin(rank, cursor)
    if (!within) return []
    const query = beyond(narrow(visible(db, viewer), policy, now), column, within)
    return ordered(query, column, { ...within, from: 0 })
      .limit(rowCount + 1)
      .select(db.raw(`? || ??::text as edge`, [`${rank} `, column]))
  })
  const [ahead, behind] = await Promise.all(pages)
  const total = counted ? await countAttention(db, viewer, policy, now, countLimit + 1) : 0
  const rows = backwards ? [...behind!, ...ahead!] : [...ahead!, ...behind!]
  return pageOf(rows.slice(0, rowCount + 1), listing, total)
}

/** The cursor as that queue reads it: its own edge, the whole of it, or nothing of it. */
function edgesWithin(
  rank: number,
  { after, before }: { after?: Edge; before?: Edge },
): { after?: Edge; before?: Edge } | undefined {
  const edge = after ?? before
  if (!edge) return {}
  const at = Number(edge[0][0])
  const own: Edge = [edge[0].slice(2), edge[1]]
  if (after) return at > rank ? undefined : at === rank ? { after: own } : {}
  // Reading backwards from beyond the end of an earlier queue: all of it, from its end.
  return at < rank ? undefined : at === rank ? { before: own } : { before: ['infinity', ''] }
}

/** How many of the viewer's keys need attention, counted no further than a limit. */
export async function countAttention(
  db: Executor,
  viewer: Viewer,
  policy: Policy,
  now: Date,
  limit = 100,
): Promise<number> {
  const counts = await Promise.all(
    queues.map(({ narrow }) => countUpTo(db, narrow(visible(db, viewer), policy, now), limit)),
  )
  return Math.min(limit, counts[0]! + counts[1]!)
}

function ending(query: Knex.QueryBuilder, policy: Policy, now: Date): Knex.QueryBuilder {
  const endedSince = new Date(now.getTime() - endedDays * dayMs)
  return expiring(query, now, policy.timeZone, { days: soonDays, since: endedSince })
}

/** Not what ends soon: that is in the queue before; nor what ended, since rotating it would be late. */
function due(query: Knex.QueryBuilder, policy: Policy, now: Date): Knex.QueryBuilder {
  return overdue(query, policy, now).where((later) =>
    later
      .whereNull('keys.works_until')
      .orWhereRaw('days_after(keys.works_until, ?, ?) > ?', [-soonDays, policy.timeZone, now]),
  )
}
