import type { Executor, Transaction } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'

/** One round in which every owner says which keys are still needed. */
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

/** The workspace's review that is not over, if there is one. */
export async function openReview(db: Executor, workspaceId: string): Promise<Review | undefined> {
  const row = await db('reviews').where({ workspace_id: workspaceId }).whereNull('ended_at').first()
  return row && toReview(row)
}

/** The same, kept from ending until the transaction is over. */
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

/** When the workspace's latest review began; undefined when there was none. */
export async function lastBegun(db: Executor, workspaceId: string): Promise<Date | undefined> {
  const row = await db('reviews')
    .where({ workspace_id: workspaceId })
    .orderBy('begun_at', 'desc')
    .first('begun_at')
  return row?.begun_at
}

/**
 * How a key stands in a review, as SQL over `k` (keys), `a` (review_keys) and `r` (reviews), with `:now`. Whoever
 * says that a key is needed, wherever they say it, answers for it; so does whoever activated it meanwhile. A key that
 * ended, rests or is being replaced needs no answer.
 */
export const answerStateOfKey = `
  case
    when k.needed_at >= r.begun_at then 'needed'
    when k.status <> 'active' or k.successor_id is not null or k.works_until <= :now then 'over'
    when k.status_changed_at > r.begun_at then 'needed'
    when a.unneeded_at is not null then 'unneeded'
    else 'open'
  end`
