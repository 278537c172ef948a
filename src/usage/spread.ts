import type { Database } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'

/** The clock asks about the hours of a day; two are kept. */
const keptMs = 2 * dayMs

/** Forgets in which hours keys had several sources. Returns how many rows went. */
export const forgetSpread = (db: Database, now: Date): Promise<number> =>
  db('usage_spread')
    .where('hour', '<', new Date(now.getTime() - keptMs))
    .delete()
