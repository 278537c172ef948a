import { setTimeout as pause } from 'node:timers/promises'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'

/** Real seconds between attempts while the database is out. */
const retryDelaysSeconds = [1, 2, 5, 15, 30, 60, 120]

/**
 * Slack sends an event once it was acknowledged no more, so the attempts are ours, for some four minutes. `report` is called
 * with each failure; undefined when the last attempt has failed.
 */
export async function again<T>(
  report: (error: unknown) => void,
  work: () => Promise<T>,
): Promise<T | undefined> {
  for (const seconds of [...retryDelaysSeconds, undefined]) {
    try {
      return await work()
    } catch (error) {
      report(error)
      if (seconds === undefined) return undefined
      await pause(seconds * 1_000, undefined, { ref: false })
    }
  }
}

/** Throws where it is not known whether the act was done, or the database was out: it is to be tried again. */
export function orAgain<T>(done: T | Refusal): T | Refusal {
  if (isRefusal(done) && (done.code === 'database_out' || done.code === 'outcome_unknown'))
    throw new Error(done.code)
  return done
}
