import type { Transaction } from '../foundation/database.ts'
import { activated, deactivated, endedBy, needed, over, revoked, rotated } from './ended.ts'
import type { Fact, Question } from './finding.ts'
import { withNotice } from './notice.ts'

type Row = {
  id: string
  review_id: string
  begun_at: Date
  answer_by: Date
  unneeded_by: string | null
  is_settled: boolean
}

/**
 * Which active keys has nobody confirmed in the review that runs, though the time to answer is over, or has somebody
 * said are not needed any more? A key that was confirmed, ended or replaced meanwhile is settled, and not met again.
 */
export const unconfirmed: Question = {
  kind: 'unconfirmed',
  moves: true,
  ended: endedBy(revoked, deactivated, rotated, needed, activated, over),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select k.id, r.id as review_id, r.begun_at, a.answer_by, a.unneeded_by,
         k.status <> 'active' or k.successor_id is not null or coalesce(k.needed_at >= r.begun_at, false)
           or k.status_changed_at > r.begun_at or coalesce(least(k.expires_at, k.ends_at) <= :now, false) as is_settled
       from reviews r
         join review_keys a on a.review_id = r.id and a.settled_at is null and a.answer_by <= :now
         join keys k on k.id = a.key_id
       where r.workspace_id = :workspace and r.ended_at is null`,
      { workspace: workspace.id, now },
    )
    const all = rows as Row[]
    await closeAnswers(
      trx,
      all.filter((row) => row.is_settled),
      now,
    )
    const facts = all.filter((row) => !row.is_settled).map(factOf)
    return withNotice(trx, workspace, 'unconfirmed', facts, now)
  },
}

const factOf = (row: Row): Fact => ({
  keyId: row.id,
  step: 'open',
  level: 0,
  severity: 'notice',
  facts: {
    since: row.begun_at.toISOString(),
    answerBy: row.answer_by.toISOString(),
    ...(row.unneeded_by ? { unneededBy: row.unneeded_by } : {}),
  },
})

async function closeAnswers(trx: Transaction, rows: Row[], now: Date): Promise<void> {
  if (rows.length === 0) return
  await trx('review_keys')
    .where({ review_id: rows[0]!.review_id })
    .whereIn(
      'key_id',
      rows.map(({ id }) => id),
    )
    .update({ settled_at: now })
}
