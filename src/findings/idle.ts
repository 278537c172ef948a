import { dayMs } from '../foundation/time.ts'
import { recordLastUse } from '../keys/quiet.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import {
  activated,
  deactivated,
  endedBy,
  needed,
  noticed,
  over,
  policyChanged,
  revoked,
  rotated,
} from './ended.ts'
import type { Fact, Gone, Question } from './finding.ts'

/** A key that was never used is idle sooner than one that fell silent. */
const neverUsedDays = 30

type Row = { id: string; last_used_at: Date | null; quiet_since: Date }

/**
 * Asks which active keys had no request for the policy's idle days, or none in 30 days since they were made, activated
 * or confirmed. The index holds a time at which each key was still in use; `refresh` brings that time forward where
 * there was traffic since, so that a busy key is read once a month and not each hour. The old key of a rotation is
 * left out, as it is meant to fall silent.
 */
export const idle: Question = {
  kind: 'idle',
  moves: true,
  ended: endedBy(revoked, deactivated, rotated, needed, activated, used, over, policyChanged),
  refresh: (trx, workspace, now) => recordLastUse(trx, workspace.id, quietBefore(workspace, now)),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select id, u.last_used_at, quiet_since
       from keys left join key_usage u on u.key_id = keys.id
       where workspace_id = :workspace and status = 'active'
         and quiet_since <= :before and successor_id is null
         and (works_until is null or works_until > :now)`,
      { workspace: workspace.id, before: quietBefore(workspace, now), now },
    )
    return (rows as Row[]).flatMap((row) => factsOf(row, workspace.policy.idleDays, now))
  },
}

const quietBefore = ({ policy }: Workspace, now: Date): Date =>
  new Date(now.getTime() - Math.min(neverUsedDays, policy.idleDays) * dayMs)

function used({ lastUsedAt, facts }: Gone, now: Date) {
  return lastUsedAt && lastUsedAt > new Date(String(facts.since)) ? noticed('used', now) : undefined
}

function factsOf(row: Row, idleDays: number, now: Date): Fact[] {
  const limit = row.last_used_at ? idleDays : Math.min(neverUsedDays, idleDays)
  if (now.getTime() - row.quiet_since.getTime() < limit * dayMs) return []
  const facts = {
    since: row.quiet_since.toISOString(),
    days: limit,
    neverUsed: row.last_used_at === null,
  }
  return [{ keyId: row.id, step: 'idle', level: 0, severity: 'notice', facts }]
}
