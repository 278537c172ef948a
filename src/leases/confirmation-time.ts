import type { Executor } from '../foundation/database.ts'

/**
 * The longest, in seconds, that it took until every verifier had confirmed a change, among those that were confirmed in the
 * last five minutes, and those that are not yet; 0 when there are none. Of the confirmed ones the newest five hundred count.
 */
export async function longestConfirmation(db: Executor, now: Date): Promise<number> {
  const { rows } = await db.raw(
    `select coalesce(max(extract(epoch from coalesce(confirmed_at, :now) - at)), 0)::float8 as seconds
     from (select at, confirmed_at from changes where confirmed_at is null
           union all
           (select at, confirmed_at from changes order by seq desc limit 500)) as newest
     where confirmed_at is null or confirmed_at > :now::timestamptz - interval '5 minutes'`,
    { now },
  )
  return Math.max(0, rows[0].seconds)
}
