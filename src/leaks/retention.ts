import type { Database } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'

const keptDays = 90

/** Deletes reports that are older than 90 days, unless the token of a live key was in one. */
export async function forgetReports(db: Database, now: Date): Promise<void> {
  await db.raw(
    `delete from leak_reports r where reported_at < ? and not exists (
       select from leaks l join keys k on k.id = l.key_id and k.token_hash = l.token_hash and k.status <> 'revoked'
       where l.report_id = r.id)`,
    [new Date(now.getTime() - keptDays * dayMs)],
  )
}
