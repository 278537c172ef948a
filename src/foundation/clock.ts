/**
 * Calendar time: when a key expires, when a deadline falls. It is injected and may jump in tests and the demo.
 * Leases, claims, timeouts and signatures never ask this clock; they run on real time.
 */
export type Clock = {
  now(): Date
  /** the database's time, asked for and answered at these moments of the monotonic clock; for a clock that follows it */
  hear?(databaseMs: number, sentMs: number, receivedMs: number): void
}

export const systemClock: Clock = { now: () => new Date() }

/**
 * The calendar of a process that hears the database's time: a monotonic clock, and how far the database is from it. What
 * the machine's own clock shows matters only until the first answer.
 */
export function openDatabaseClock(
  monotonicMs: () => number = () => performance.now(),
  wallMs: () => number = Date.now,
): Clock {
  let offsetMs = wallMs() - monotonicMs()
  return {
    now: () => new Date(offsetMs + monotonicMs()),
    // The database looked at its clock in between, so each answer bounds the offset, and may leave it as it is.
    hear(databaseMs, sentMs, receivedMs) {
      offsetMs = Math.min(Math.max(offsetMs, databaseMs - receivedMs), databaseMs - sentMs)
    },
  }
}
