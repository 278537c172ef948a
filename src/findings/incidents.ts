import type { Executor } from '../foundation/database.ts'

/** A time in which a key was used in an unusual way. `until` is undefined while it goes on. */
export type Incident = { from: Date; until: Date | undefined }

/** The kinds of findings that are about a stretch of time, and not about what somebody should have done. */
const kinds = ['unusual-use']
const most = 10

/** The key's incidents that touch a period, the latest first. */
export async function incidentsOf(db: Executor, keyId: string, from: Date, to: Date): Promise<Incident[]> {
  const rows = await db('findings')
    .where({ key_id: keyId })
    .whereIn('kind', kinds)
    .where('opened_at', '<', to)
    .where((open) => open.whereNull('resolved_at').orWhere('resolved_at', '>', from))
    .orderBy('opened_at', 'desc')
    .limit(most)
    .select('opened_at', 'resolved_at')
  return rows.map((row) => ({ from: row.opened_at, until: row.resolved_at ?? undefined }))
}
