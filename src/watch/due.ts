import type { Executor } from '../foundation/database.ts'

/** A key to look at, and until when it has been. */
export type Due = { keyId: string; through: Date | null }

/** Further back than this nobody is looked for; whoever is active later is stepped through all of the time between. */
const farthestMs = 86_400_000

/**
 * Which keys had requests in that time, or a silence that could be news by its end? Those first that are nearest to now:
 * what has to be caught up with, or rebuilt, must not delay the others.
 */
export async function dueKeys(db: Executor, from: Date, until: Date): Promise<Due[]> {
  const earliest = new Date(Math.max(from.getTime(), until.getTime() - farthestMs))
  const { rows } = await db.raw(
    `with due as (
       select distinct key_id from usage_buckets
       where bucket >= :earliest and bucket < :until and source = 'verify'
       union
       select key_id from anomaly_states where silence_due <= :until
     )
     select due.key_id, s.through from due left join anomaly_states s on s.key_id = due.key_id
     where s.through is null or s.through < :until
     order by s.through desc nulls last, due.key_id`,
    { earliest, until },
  )
  type Row = { key_id: string; through: Date | null }
  return (rows as Row[]).map((row) => ({ keyId: row.key_id, through: row.through }))
}

/** Keys whose states are doubtful, a few at a time: nobody waits for them. */
export async function doubtfulKeys(db: Executor, limit: number): Promise<Due[]> {
  const rows = await db('anomaly_states')
    .join('keys', 'keys.id', 'key_id')
    .where({ is_doubtful: true })
    .orderBy('key_id')
    .limit(limit)
    .select('key_id')
  return rows.map((row) => ({ keyId: row.key_id, through: null }))
}
