import type { Database } from '../foundation/database.ts'
import { inBatches } from '../foundation/in-batches.ts'
import { dayMs } from '../foundation/time.ts'

/** How long a completed message is kept, in days. */
const keptDays = 90

/** Deletes messages completed long ago, unless their finding is still open. @returns how many */
export const forgetMessages = (db: Database, now: Date): Promise<number> =>
  inBatches(
    db,
    `delete from outbox where seq in (
       select o.seq from outbox o left join findings f on o.source = 'finding' and f.id = o.item_id
       where o.completed_at < ? and (f.id is null or f.resolved_at is not null)
       order by o.completed_at limit ?)`,
    new Date(now.getTime() - keptDays * dayMs),
  )
