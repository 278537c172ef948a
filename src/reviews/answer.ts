import { record } from '../audit/record.ts'
import type { Transaction } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say, who } from '../foundation/words.ts'
import { confirmNeeded } from '../keys/needed.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { answerStateOfKey, lockReview } from './review.ts'

/** The keys that an answer covers: their names and owners. */
export type Answered = { names: string[]; ownerIds: string[] }

/**
 * Confirms that keys are still needed, with the reason for those that can change things. Keys that ended or were answered
 * meanwhile are skipped; when none remains, the refusal says why.
 */
export async function stillNeeded(
  act: Act,
  workspaceId: string,
  keyIds: readonly string[],
  reason?: string,
): Promise<Answered | Refusal> {
  const review = await lockReview(act.trx, workspaceId)
  if (!review) return noReview
  const confirmed = await confirmNeeded(act, workspaceId, keyIds, {
    since: review.begunAt,
    ...(reason === undefined ? {} : { reason }),
  })
  if (isRefusal(confirmed)) return confirmed
  await act
    .trx('review_keys')
    .where({ review_id: review.id })
    .whereIn(
      'key_id',
      confirmed.map(({ id }) => id),
    )
    .update({ closed_at: act.now, unneeded_at: null, unneeded_by: null })
  return {
    names: confirmed.map(({ name }) => name),
    ownerIds: [...new Set(confirmed.map(({ ownerId }) => ownerId))],
  }
}

/** Declares a key unneeded: it is flagged from now on, for those who may revoke it. */
export async function notNeeded(act: Act, workspaceId: string, keyId: string): Promise<Answered | Refusal> {
  const review = await lockReview(act.trx, workspaceId)
  if (!review) return noReview
  const key = await act
    .trx('review_keys')
    .join('keys', 'keys.id', 'review_keys.key_id')
    .where({ review_id: review.id, key_id: keyId, workspace_id: workspaceId })
    .forUpdate()
    .first(
      'keys.name',
      'owner_id',
      'status',
      'needed_at',
      'needed_by',
      'unneeded_by',
      'review_keys.closed_at',
    )
  if (!key) return noSuchKey({ action: 'key.confirm-needed' })
  const refusal = await authorise(act, 'key.confirm-needed', { workspaceId, ownerId: key.owner_id, keyId })
  if (refusal) return refusal
  if (key.unneeded_by)
    return refuse('already', say`${who(key.unneeded_by)} has said so already, and it is flagged.`)
  if (key.needed_at >= review.begunAt)
    return refuse('already', say`${who(key.needed_by)} said that ${{ name: key.name }} is still needed.`, {
      next:
        key.needed_by === act.actor.id
          ? say`End it with ${{ code: '/keys revoke' }}.`
          : 'Ask them before you end it.',
    })
  if (key.status !== 'active') return refuse('already', say`${{ name: key.name }} is not in use any more.`)
  await act
    .trx('review_keys')
    .where({ review_id: review.id, key_id: keyId })
    .update({ unneeded_at: act.now, unneeded_by: act.actor.id, answer_by: act.now, closed_at: null })
  await record(act, { event: 'key.declared-unneeded', workspaceId, keyId })
  return { names: [key.name], ownerIds: [key.owner_id] }
}

const noReview = refuse('already', 'This review is over.', { next: 'The next one asks again.' })

/** Closes the overdue answers of the running review that a change to their key has made needless. */
export async function closeAnswered(trx: Transaction, workspaceId: string, now: Date): Promise<void> {
  await trx.raw(
    `update review_keys a set closed_at = :now
     from reviews r, keys k
     where r.workspace_id = :workspaceId and r.ended_at is null and a.review_id = r.id and a.closed_at is null
       and a.answer_by <= :now and k.id = a.key_id and ${answerStateOfKey} in ('needed', 'closed')`,
    { workspaceId, now },
  )
}
