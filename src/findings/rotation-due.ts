import type { Severity } from '../anomaly/severity.ts'
import { weekMs } from '../foundation/time.ts'
import { overdue } from '../keys/due.ts'
import { deactivated, endedBy, over, policyChanged, revoked, rotated } from './ended.ts'
import type { Audience, Fact, Question } from './finding.ts'

type Row = { id: string; revealed_at: Date; due_at: Date }

/**
 * Asks which active keys reach the rotation period within the policy's warning days, have reached it, or are overdue.
 * Age counts from the reveal, in days of the workspace's time zone. A key with a successor is being rotated, and one
 * that stops working by the day on which it is due has the alert about that.
 */
export const rotationDue: Question = {
  kind: 'rotation-due',
  ended: endedBy(revoked, deactivated, rotated, over, policyChanged),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { policy } = workspace
    const { rotationPeriodDays: period, rotationWarningDays: aheadDays, timeZone } = policy
    const keys = trx('keys').where({ workspace_id: workspace.id })
    const due = trx.raw('days_after(revealed_at, ?, ?)', [period, timeZone])
    const outlivesDay = trx.raw('(works_until at time zone ?)::date > (? at time zone ?)::date', [
      timeZone,
      due,
      timeZone,
    ])
    const rows = await overdue(keys, policy, now, { aheadDays })
      .where((lasting) => lasting.whereNull('works_until').orWhere(outlivesDay))
      .select('id', 'revealed_at', trx.raw('? as due_at', [due]))
    return (rows as Row[]).map((row) => ({
      keyId: row.id,
      ...stage(now.getTime() - row.due_at.getTime()),
      facts: { revealedAt: row.revealed_at.toISOString(), dueAt: row.due_at.toISOString() },
    }))
  },
}

type Stage = { step: string; level: number; severity: Severity }

/** `overdueMs` is negative before the period is over. A week after it, the finding escalates each week. */
function stage(overdueMs: number): Stage {
  if (overdueMs < 0) return { step: 'warn', level: 0, severity: 'notice' }
  const weeks = Math.floor(overdueMs / weekMs)
  if (weeks === 0) return { step: 'due', level: 1, severity: 'warning' }
  return { step: `overdue-${weeks}w`, level: 1 + weeks, severity: 'warning' }
}

/** The key's owner in the first week overdue, then the managers, and from the third week on the owners. */
export function audienceOfRotation(step: string): Audience {
  const weeks = Number(/^overdue-(\d+)w$/.exec(step)?.[1] ?? 0)
  return weeks <= 1 ? 'owner' : weeks === 2 ? 'managers' : 'owners'
}
