import type { Executor, Transaction } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'

/** One round in which owners confirm which keys are still needed. */
export type Review = {
  id: string
  workspaceId: string
  begunAt: Date
  /** an actor's name */
  begunBy: string
  answerBy: Date
  endedAt: Date | null
}

export const toReview = fromRow<Review>

/** Finds the workspace's open review, if any. */
export async function openReview(db: Executor, workspaceId: string): Promise<Review | undefined> {
  const row = await db('reviews').where({ workspace_id: workspaceId }).whereNull('ended_at').first()
  return row && toReview(row)
}

/** Finds the open review and locks it against ending until the transaction is over. */
export async function lockReview(trx: Transaction, workspaceId: string): Promise<Review | undefined> {
  const row = await trx('reviews')
    .where({ workspace_id: workspaceId })
    .whereNull('ended_at')
    .forShare()
    .first()
  return row && toReview(row)
}

export async function findReview(db: Executor, id: string): Promise<Review | undefined> {
  const row = await db('reviews').where({ id }).first()
  return row && toReview(row)
}

/** The workspace's newest review, or the one with that id; undefined when there is none. */
export async function newestReview(
  db: Executor,
  workspaceId: string,
  id?: string,
): Promise<Review | undefined> {
  const row = await db('reviews')
    .where({ workspace_id: workspaceId, ...(id === undefined ? {} : { id }) })
    .orderBy('begun_at', 'desc')
    .first()
  return row && toReview(row)
}

/** When the workspace's last review began; undefined when there was none. */
export async function lastBegun(db: Executor, workspaceId: string): Promise<Date | undefined> {
  const row = await db('reviews')
    .where({ workspace_id: workspaceId })
    .orderBy('begun_at', 'desc')
    .first('begun_at')
  return row?.begun_at
}

/**
 * A key's answer in a review, as SQL over `k` (keys), `a` (review_keys) and `r` (reviews), with `:now`. Confirming a
 * key anywhere, or activating it, during the review counts as an answer. A key that ended, is paused or is being
 * replaced needs none.
 */
export const answerStateOfKey = `
  case
    when k.needed_at >= r.begun_at then 'needed'
    when k.status <> 'active' or k.successor_id is not null or k.works_until <= :now then 'closed'
    when k.status_changed_at > r.begun_at then 'needed'
    when a.unneeded_at is not null then 'unneeded'
    else 'open'
  end`
