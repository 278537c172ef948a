import type { Executor } from '../foundation/database.ts'

/**
 * Whether this is the first request of that id, of all processes, for what is no act. It is recorded for as long as
 * `forgetRequests` keeps it.
 */
export async function takeOnce(db: Executor, requestId: string, now: Date): Promise<boolean> {
  const rows = await db('acts_done')
    .insert({ request_id: requestId, done_at: now })
    .onConflict()
    .ignore()
    .returning('request_id')
  return rows.length > 0
}
