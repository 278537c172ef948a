import type { Executor } from '../foundation/database.ts'

/** Counts one request of a key, durably: when this returns, it is in the database. */
export async function countRequest(db: Executor, keyId: string, now: Date): Promise<void> {
  await db.raw(
    `insert into key_usage (key_id, requests, first_used_at, last_used_at) values (?, 1, ?, ?)
     on conflict (key_id) do update set
       requests = key_usage.requests + 1,
       last_used_at = greatest(key_usage.last_used_at, excluded.last_used_at)`,
    [keyId, now, now],
  )
}
