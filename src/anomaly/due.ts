import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'

/** A key to look at, and until when it has been; null when its state is to be built anew. */
export type Due = { keyId: string; through: Date | null }

/** Keys are searched no further back than this; one that is active later is stepped through all of the time between. */
const farthestMs = dayMs

/**
 * Which keys had requests in that time, or a silence that could be news by its end? States are not looked at here: they
 * are read once, with what has to be stepped.
 */
export async function dueKeys(db: Executor, from: Date, until: Date): Promise<string[]> {
  const earliest = new Date(Math.max(from.getTime(), until.getTime() - farthestMs))
  const { rows } = await db.raw(
    `select key_id from usage_buckets where bucket >= :earliest and bucket < :until and source = 'verify'
     union
     select key_id from anomaly_states where silence_due <= :until
     order by key_id`,
    { earliest, until },
  )
  return (rows as { key_id: string }[]).map(({ key_id }) => key_id)
}

/** Keys whose states are doubtful, a few at a time: nobody waits for them. */
export async function doubtfulKeys(db: Executor, limit: number): Promise<string[]> {
  const rows = await db('anomaly_states')
    .join('keys', 'keys.id', 'key_id')
    .where({ is_doubtful: true })
    .orderBy('key_id')
    .limit(limit)
    .select('key_id')
  return rows.map((row) => row.key_id)
}
