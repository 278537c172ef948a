import type { Executor } from '../foundation/database.ts'
import { answerStateOfKey, findReview, type Review } from './review.ts'

/** How many keys stand how: answered either way, open, or ended, paused or replaced meanwhile. */
export type Counts = { needed: number; unneeded: number; open: number; over: number }

/** How a review goes, for those who manage. */
export type ReviewProgress = {
  review: Review
  workspaceName: string
  keys: Counts
  owners: { asked: number; answered: number }
  /** whom keys wait for, most keys first, at most `mostWaiting` */
  waiting: { userId: string; open: number }[]
  /** keys whose owner has left, may not act, or could not be written to */
  nobodyToAsk: number
  /** of the open and unneeded ones, how many are flagged by now, and how many are about to be deactivated */
  flagged: number
  noticed: number
}

/** How many people a progress message names. */
const maxWaiting = 10

/** Owners that nobody can ask: they have left the team or are guests, or Slack does not take a message for them. */
const unreachable = `
  select user_id from departures where workspace_id = :workspace
  union select substr(destination, 4) from outbox
    where about = 'review' and subject_id = :review and finding_id is null and outcome = 'unreachable'`

/** How the review goes now; undefined when there is none with that id. */
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
       count(*) filter (where stands = 'over')::int as over,
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
    workspaceName: (await db('workspaces').where({ id: review.workspaceId }).first('name')).name,
    keys: { needed: sum('needed'), unneeded: sum('unneeded'), open: sum('open'), over: sum('over') },
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
