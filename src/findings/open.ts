import type { Executor } from '../foundation/database.ts'

/** How many findings are open, of each severity, snoozed ones included. */
export async function openFindings(db: Executor): Promise<Record<string, number>> {
  const { rows } = await db.raw(
    `select severity, count(*)::int as open from findings where resolved_at is null group by severity`,
  )
  const counted = rows.map(({ severity, open }: { severity: string; open: number }) => [severity, open])
  return { critical: 0, warning: 0, notice: 0, ...Object.fromEntries(counted) }
}
