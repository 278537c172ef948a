import type { Executor } from '../foundation/database.ts'
import { readPolicy } from '../policy/policy.ts'
import type { Counts } from './progress.ts'
import { answerStateOfKey, findReview, type Review } from './review.ts'

/** A key that waits for an answer, with facts that help to give one. */
export type AskedKey = {
  id: string
  name: string
  hint: string
  ownerId: string
  scopes: string[]
  requests: number
  lastUsedAt: Date | null
  expiresAt: Date | null
}

/** A page of the keys that wait for an answer, and counts of all the others. */
export type Asked = {
  review: Review
  /** whether the deadline has passed; an answer counts all the same while the review is open */
  isLate: boolean
  workspaceName: string
  /** the owner of these keys; undefined for the whole workspace */
  ownerId: string | undefined
  counts: Counts
  from: number
  keys: AskedKey[]
  /** keys of which it was said last that they are not needed any more, up to a page */
  unneeded: Pick<AskedKey, 'id' | 'name'>[]
  /** whether keys that nobody confirms are deactivated */
  deactivates: boolean
  noticeDays: number
}

/** Keys per message: each takes three blocks of Slack's fifty. */
export const askedPage = 10

/**
 * Reads the keys of an owner, or of everyone, that wait for an answer, by name; undefined when there is no such
 * review.
 */
export async function readAsked(
  db: Executor,
  reviewId: string,
  ownerId: string | undefined,
  now: Date,
  from = 0,
): Promise<Asked | undefined> {
  const review = await findReview(db, reviewId)
  if (!review) return undefined
  const bindings = { review: reviewId, now, owner: ownerId ?? null, from, max: askedPage }
  const asked = `
    from reviews r join review_keys a on a.review_id = r.id join keys k on k.id = a.key_id
    where r.id = :review and (:owner::text is null or k.owner_id = :owner)`
  const counted = await db.raw(
    `select ${answerStateOfKey} as stands, count(*)::int as n ${asked} group by 1`,
    bindings,
  )
  const counts: Counts = { needed: 0, unneeded: 0, open: 0, closed: 0 }
  for (const { stands, n } of counted.rows as { stands: keyof Counts; n: number }[]) counts[stands] = n
  const first = from < counts.open ? from : 0
  const open = await db.raw(
    `select k.id, k.name, k.hint, k.owner_id as "ownerId", k.scopes, coalesce(u.requests, 0)::int as requests,
       u.last_used_at as "lastUsedAt", k.works_until as "expiresAt"
     from (select k.* ${asked} and ${answerStateOfKey} = 'open' order by k.name_folded, k.id limit :max offset :from) k
     left join key_usage u on u.key_id = k.id order by k.name_folded, k.id`,
    { ...bindings, from: first },
  )
  const unneeded = await db.raw(
    `select k.id, k.name ${asked} and ${answerStateOfKey} = 'unneeded'
     order by a.unneeded_at desc, k.name_folded, k.id limit :max`,
    bindings,
  )
  const workspace = await db('workspaces').where({ id: review.workspaceId }).first('name', 'policy')
  const { unconfirmedKeys, noticeDays } = readPolicy(workspace.policy)
  return {
    review,
    isLate: review.answerBy <= now,
    workspaceName: workspace.name,
    ownerId,
    counts,
    from: first,
    keys: open.rows,
    unneeded: unneeded.rows,
    deactivates: unconfirmedKeys === 'deactivate',
    noticeDays,
  }
}
