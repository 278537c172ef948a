import type { Database } from '../foundation/database.ts'
import { inBatches } from '../foundation/in-batches.ts'
import { dayMs } from '../foundation/time.ts'

/** How long a request is known that must not be carried out again, in days. */
const keptDays = 7

/** Forgets requests that can no longer be repeated. @returns how many */
export const forgetRequests = (db: Database, now: Date): Promise<number> =>
  inBatches(
    db,
    `delete from acts_done where request_id in (
       select request_id from acts_done where done_at < ? order by done_at limit ?)`,
    new Date(now.getTime() - keptDays * dayMs),
  )
