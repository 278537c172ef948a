import type { Severity } from '../anomaly/severity.ts'
import { dayMs } from '../foundation/time.ts'
import { expiringDays, expiring as expiringKeys } from '../keys/due.ts'
import { deactivated, endedBy, over, policyChanged, revoked, rotated } from './ended.ts'
import type { Fact, Question } from './finding.ts'

const steps = [
  { step: '30d', days: expiringDays, severity: 'notice' },
  { step: '14d', days: 14, severity: 'notice' },
  { step: '7d', days: 7, severity: 'warning' },
  { step: '3d', days: 3, severity: 'warning' },
  { step: '1d', days: 1, severity: 'critical' },
  { step: 'expired', days: 0, severity: 'critical' },
] as const satisfies { step: string; days: number; severity: Severity }[]

/** A key that expired this long ago has no finding any more; it stays in the lists. */
const newsDays = 30

type Row = { id: string; works_until: Date; lifetime_days: number | null; level: number }

/**
 * Asks which active keys stop working within 30, 14, 7, 3 or 1 days, or have stopped. Days are counted in the
 * workspace's time zone, at the key's time of day, across daylight saving. A step as long as the key's lifetime is
 * skipped: nothing is news when a key is made. The rotation itself warns about its old key.
 */
export const expiring: Question = {
  kind: 'expiring',
  daily: ['30d', '14d'],
  ended: endedBy(revoked, deactivated, rotated, over, policyChanged),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { timeZone } = workspace.policy
    const keys = trx('keys').where({ workspace_id: workspace.id })
    const since = new Date(now.getTime() - newsDays * dayMs)
    const rows = await expiringKeys(keys, now, timeZone, { since }).select(
      'id',
      'works_until',
      'lifetime_days',
      trx.raw(
        `(select count(*)::int - 1 from unnest(?::int[]) as day
          where days_after(works_until, -day, ?) <= ?) as level`,
        [steps.map(({ days }) => days), timeZone, now],
      ),
    )
    return (rows as Row[]).flatMap((row) => {
      const reached = steps[row.level]
      if (!reached || (row.lifetime_days ?? Number.POSITIVE_INFINITY) <= reached.days) return []
      const { step, severity } = reached
      return [
        {
          keyId: row.id,
          step,
          level: row.level,
          severity,
          facts: { expiresAt: row.works_until.toISOString() },
        },
      ]
    })
  },
}
