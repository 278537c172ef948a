import { deactivatedSince, endedBy, revoked } from './ended.ts'
import type { Fact, Question } from './finding.ts'

type Row = { id: string; user_id: string; begun_at: Date; due_at: Date }

/** Asks which keys of a leaver are not confirmed as refused or rotating, though the policy's deadline has passed. */
export const offboardingLate: Question = {
  kind: 'offboarding-late',
  ended: endedBy(revoked, deactivatedSince),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select distinct on (k.id) k.id, o.user_id, o.begun_at, o.due_at
       from offboardings o
         join workspaces w on w.account_id = o.account_id and w.id = :workspace
         join keys k on k.workspace_id = w.id
         left join offboarding_keys p on p.offboarding_id = o.id and p.key_id = k.id
       where (k.status <> 'revoked' or p.acted_at is not null) and o.state in ('requested', 'acting', 'confirming') and o.due_at <= :now and p.confirmed_at is null
         and (p.key_id is not null or k.owner_id = o.user_id or k.revealed_by = o.user_id)
       order by k.id, o.due_at`,
      { workspace: workspace.id, now },
    )
    return (rows as Row[]).map((row) => ({
      keyId: row.id,
      step: 'open',
      level: 0,
      severity: 'critical',
      facts: {
        leaver: row.user_id,
        since: row.begun_at.toISOString(),
        dueAt: row.due_at.toISOString(),
      },
    }))
  },
}
