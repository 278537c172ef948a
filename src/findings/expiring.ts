import type { Fact, Question } from './finding.ts'

const steps = ['7d', '3d', '1d', 'expired'] as const

/** Which active keys stop working within a week, or have stopped? */
export const expiring: Question = {
  kind: 'expiring',
  steps,
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select id, expires_at, case
           when expires_at <= :now then 'expired'
           when expires_at <= :now::timestamptz + interval '1 day' then '1d'
           when expires_at <= :now::timestamptz + interval '3 days' then '3d'
           else '7d' end as step
       from keys
       where workspace_id = :workspace and status = 'active' and expires_at is not null
         and expires_at <= :now::timestamptz + interval '7 days'`,
      { now, workspace: workspace.id },
    )
    return rows.map((row: { id: string; expires_at: Date; step: (typeof steps)[number] }) => ({
      keyId: row.id,
      step: row.step,
      severity: row.step === '7d' || row.step === '3d' ? 'warning' : 'critical',
      facts: { expiresAt: row.expires_at.toISOString() },
    }))
  },
}
