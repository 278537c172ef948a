import type { Executor } from '../foundation/database.ts'
import { answerStateOfKey, findReview, type Review } from './review.ts'

/**
 * Numbers of keys by answer: answered either way, open, or closed because they ended, were paused or replaced
 * meanwhile.
 */
export type Counts = { needed: number; unneeded: number; open: number; closed: number }

/** A review's progress, for managers. */
export type ReviewProgress = {
  review: Review
  isLate: boolean
  workspaceName: string
  keys: Counts
  owners: { asked: number; answered: number }
  /** owners with open keys, most keys first, at most `maxWaiting` */
  waiting: { userId: string; open: number }[]
  /** open keys whose owner has left, may not act, or cannot be messaged */
  nobodyToAsk: number
  /** of the open and unneeded keys, how many are flagged, and how many will be deactivated */
  flagged: number
  noticed: number
}

/** The most owners that a progress message names. */
const maxWaiting = 10

/** Owners who cannot be asked: they left the team or are guests, or Slack refuses messages to them. */
const unreachable = `
  select user_id from departures where workspace_id = :workspace
  union select substr(destination, 4) from outbox
    where source = 'review' and item_id = :review and outcome = 'unreachable'`

/** Reads a review's current progress; undefined when there is none with that id. */
export async function readProgress(
  db: Executor,
  reviewId: string,
  now: Date,
): Promise<ReviewProgress | undefined> {
  const review = await findReview(db, reviewId)
  if (!review) return undefined
  const { rows } = await db.raw(
    `with stands as (
       select k.owner_id, ${answerStateOfKey} as stands
       from reviews r join review_keys a on a.review_id = r.id join keys k on k.id = a.key_id
       where r.id = :review
     )
     select owner_id, count(*) filter (where stands = 'needed')::int as needed,
       count(*) filter (where stands = 'unneeded')::int as unneeded,
       count(*) filter (where stands = 'open')::int as open,
       count(*) filter (where stands = 'closed')::int as closed,
       owner_id in (${unreachable}) as unreachable
     from stands group by owner_id order by open desc, owner_id`,
    { review: reviewId, workspace: review.workspaceId, now },
  )
  const owners = rows as (Counts & { owner_id: string; unreachable: boolean })[]
  const asked = owners.filter((one) => !one.unreachable)
  const waiting = asked.filter(({ open }) => open > 0)
  const sum = (field: keyof Counts, of = owners) => of.reduce((total, one) => total + one[field], 0)
  return {
    review,
    isLate: review.answerBy <= now,
    workspaceName: (await db('workspaces').where({ id: review.workspaceId }).first('name')).name,
    keys: { needed: sum('needed'), unneeded: sum('unneeded'), open: sum('open'), closed: sum('closed') },
    owners: { asked: asked.length, answered: asked.length - waiting.length },
    waiting: waiting.slice(0, maxWaiting).map(({ owner_id, open }) => ({ userId: owner_id, open })),
    nobodyToAsk: sum(
      'open',
      owners.filter((one) => one.unreachable),
    ),
    ...(await consequences(db, review.workspaceId)),
  }
}

async function consequences(db: Executor, workspaceId: string) {
  const [row] = await db('findings')
    .leftJoin('deactivation_notices as n', (join) =>
      join
        .on('n.key_id', 'findings.key_id')
        .andOn('n.kind', 'findings.kind')
        .andOn('n.workspace_id', 'findings.workspace_id'),
    )
    .where({ 'findings.workspace_id': workspaceId, 'findings.kind': 'unconfirmed' })
    .whereNull('resolved_at')
    .select(db.raw('count(*)::int as flagged, count(n.key_id)::int as noticed'))
  return { flagged: row!.flagged as number, noticed: row!.noticed as number }
}
