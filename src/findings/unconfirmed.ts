import { closeAnswered } from '../reviews/answer.ts'
import { activated, deactivated, endedBy, needed, over, revoked, rotated } from './ended.ts'
import type { Fact, Question } from './finding.ts'

type Row = {
  id: string
  begun_at: Date
  answer_by: Date
  unneeded_by: string | null
}

/**
 * Asks which active keys nobody confirmed in the running review by its deadline, or were reported as no longer needed.
 * A key that was confirmed, ended or rotated meanwhile is closed in the review by `refresh` and not read again.
 */
export const unconfirmed: Question = {
  kind: 'unconfirmed',
  moves: true,
  ended: endedBy(revoked, deactivated, rotated, needed, activated, over),
  refresh: (trx, workspace, now) => closeAnswered(trx, workspace.id, now),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select k.id, r.begun_at, a.answer_by, a.unneeded_by
       from reviews r
         join review_keys a on a.review_id = r.id and a.closed_at is null and a.answer_by <= :now
         join keys k on k.id = a.key_id
       where r.workspace_id = :workspace and r.ended_at is null`,
      { workspace: workspace.id, now },
    )
    return (rows as Row[]).map(factOf)
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
