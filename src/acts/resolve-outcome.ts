import { setTimeout as pause } from 'node:timers/promises'
import { databaseOut, type Outcome } from '../foundation/database.ts'
import type { World } from '../foundation/world.ts'

/** Real seconds between attempts. */
const retryDelaysSeconds = [0, 0.1, 0.4, 1, 2]
/** No attempt begins later, in real milliseconds: one may wait four seconds for a lock, and somebody in Slack for this. */
const lastAttemptMs = 5_000

/**
 * Finds out whether a transaction whose COMMIT was cut off was committed, by inserting its request's id: Postgres lets
 * the insert wait for as long as the transaction is under way. If the id is there afterwards, the transaction was
 * committed. If not, the insert has taken it, so the transaction was rolled back, and can never be committed. That a row
 * is absent would prove nothing.
 * @param requestId undefined for a transaction that changed nothing, of which nothing can be lost
 */
export async function resolveOutcome<T>(
  { db, clock, log }: Pick<World, 'db' | 'clock' | 'log'>,
  outcome: Outcome<T> & { state: 'unknown' },
  requestId: string | undefined,
): Promise<Outcome<T>> {
  const { value, error } = outcome
  if (requestId === undefined) return { state: 'committed', value }
  const untilMs = performance.now() + lastAttemptMs
  for (const seconds of retryDelaysSeconds) {
    await pause(seconds * 1000)
    if (performance.now() > untilMs) break
    try {
      const resolved: Outcome<T> = (await bar(db, requestId, clock.now()))
        ? { state: 'rolled-back', refusal: databaseOut(error) }
        : { state: 'committed', value }
      log.warn(
        { event: 'act.outcome_resolved', requestId, outcome: resolved.state, error: String(error) },
        'found out whether an act was committed whose connection was lost',
      )
      return resolved
    } catch (failure) {
      log.warn(
        { event: 'act.outcome_unresolved', requestId, error: String(failure) },
        'failed to find out whether an act was committed; trying again',
      )
    }
  }
  return outcome
}

/** Takes the id of a request, unless its act is done. Once more is the same: the first attempt may not have been heard. */
async function bar(db: World['db'], requestId: string, now: Date): Promise<boolean> {
  const { rows } = await db.raw(
    `insert into acts_done as known (request_id, done_at, is_barred) values (?, ?, true)
     on conflict (request_id) do update set done_at = known.done_at returning is_barred`,
    [requestId, now],
  )
  return rows[0].is_barred
}
