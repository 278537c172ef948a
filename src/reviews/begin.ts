import { perform } from '../acts/perform.ts'
import { record } from '../audit/record.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { addDays } from '../foundation/time.ts'
import { say } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { type Act, actorName } from '../members/actor.ts'
import { lockWorkspace } from '../members/lock.ts'
import { authorise } from '../policy/authorise.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { lastBegun, openReview, type Review, toReview } from './review.ts'

/** A key revealed this recently is needed, or nobody would have made it. */
const newDays = 30

/**
 * Begins a review of every active key older than a month. It ends one that is still open: keys not confirmed in that
 * one are asked about again, with their old deadline.
 */
export async function beginReview(act: Act, workspace: Workspace, random: Random): Promise<Review | Refusal> {
  const workspaceId = workspace.id
  const refusal = await authorise(act, 'review.begin', { workspaceId })
  if (refusal) return refusal
  await lockWorkspace(act, workspaceId)
  const before = await openReview(act.trx, workspaceId)
  if (before && before.answerBy > act.now)
    return refuse('already', say`A review runs until ${{ moment: before.answerBy }}.`, {
      next: say`See ${{ code: '/keys review' }}.`,
    })
  if (before) await endReview(act, before)
  const answerBy = addDays(act.now, workspace.policy.reviewAnswerDays, workspace.policy.timeZone)
  const [row] = await act
    .trx('reviews')
    .insert({
      id: newId('rev', random),
      workspace_id: workspaceId,
      begun_at: act.now,
      begun_by: actorName(act.actor),
      answer_by: answerBy,
    })
    .returning('*')
  const review = toReview(row)
  const keys = await askAbout(act, review, before?.id ?? null)
  // A refusal rolls the transaction back.
  if (keys === 0)
    return refuse('invalid', `No active key is older than ${newDays} days, so there is nothing to ask.`)
  const details = { review: review.id, keys, answerBy: answerBy.toISOString() }
  await record(act, { event: 'review.begun', workspaceId, details })
  return review
}

async function askAbout(act: Act, review: Review, beforeId: string | null): Promise<number> {
  const { rowCount } = await act.trx.raw(
    `insert into review_keys (review_id, key_id, answer_by, unneeded_at, unneeded_by)
     select :review, k.id, coalesce(b.answer_by, :answerBy), b.unneeded_at, b.unneeded_by
     from keys k left join review_keys b on b.review_id = :before and b.key_id = k.id and b.closed_at is null
     where k.workspace_id = :workspace and k.status = 'active' and k.successor_id is null
       and k.revealed_at <= :now::timestamptz - make_interval(days => :newDays)
       and (k.works_until is null or k.works_until > :now)`,
    {
      review: review.id,
      before: beforeId,
      answerBy: review.answerBy,
      workspace: review.workspaceId,
      now: act.now,
      newDays,
    },
  )
  return rowCount
}

async function endReview(act: Act, review: Review): Promise<void> {
  await act.trx('reviews').where({ id: review.id }).update({ ended_at: act.now })
  const [row] = await act
    .trx('review_keys')
    .where({ review_id: review.id })
    .whereNull('closed_at')
    .count<{ open: number }[]>({ open: '*' })
  const details = { review: review.id, open: row!.open }
  await record(act, { event: 'review.ended', workspaceId: review.workspaceId, details })
}

/**
 * Begins a review when the workspace's interval has passed, in its own days, since the last review or since the
 * workspace was created. Undefined when none is due.
 */
export async function beginWhenDue(
  world: Pick<World, 'db' | 'clock' | 'random' | 'log'>,
  workspace: Workspace,
): Promise<Review | undefined> {
  const { reviewIntervalDays, timeZone } = workspace.policy
  if (reviewIntervalDays === 0) return undefined
  const since = (await lastBegun(world.db, workspace.id)) ?? (await madeAt(world, workspace))
  if (addDays(since, reviewIntervalDays, timeZone) > world.clock.now()) return undefined
  const begun = await perform(world, { kind: 'job', id: 'reviews' }, (act) =>
    beginReview(act, workspace, world.random),
  )
  return isRefusal(begun) ? undefined : begun
}

const madeAt = async ({ db }: Pick<World, 'db'>, { id }: Workspace): Promise<Date> =>
  (await db('workspaces').where({ id }).first('created_at')).created_at
