import type { Database } from '../foundation/database.ts'
import { inBatches } from '../foundation/in-batches.ts'
import { dayMs } from '../foundation/time.ts'

/** How long what was done is remembered, in days of the calendar. */
export const keptDays = { acts: 7, messages: 90 }

/**
 * Forgets what nothing asks about any more: requests that can no longer be repeated, and letters that came to their
 * end long ago, as long as their finding did too. Returns how many rows went.
 */
export async function forgetOld(db: Database, now: Date): Promise<number> {
  const before = (days: number) => new Date(now.getTime() - days * dayMs)
  return (
    (await inBatches(
      db,
      `delete from acts_done where request_id in (
         select request_id from acts_done where done_at < ? order by done_at limit ?)`,
      before(keptDays.acts),
    )) +
    (await inBatches(
      db,
      `delete from outbox where seq in (
         select o.seq from outbox o left join findings f on f.id = o.finding_id
         where o.settled_at < ? and (o.finding_id is null or f.resolved_at is not null)
         order by o.settled_at limit ?)`,
      before(keptDays.messages),
    ))
  )
}
