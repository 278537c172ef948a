import { performance } from 'node:perf_hooks'

/**
 * Real time, never the calendar: `monotonicMs` cannot be set but may stand still while a machine is suspended;
 * `wallMs` counts through that but may be set. Both must say that a lease holds.
 */
export type RealTime = { monotonicMs(): number; wallMs(): number }

export const realTime: RealTime = { monotonicMs: () => performance.now(), wallMs: () => Date.now() }

export type Moment = { monotonicMs: number; wallMs: number }

export const momentOf = (time: RealTime): Moment => ({
  monotonicMs: time.monotonicMs(),
  wallMs: time.wallMs(),
})

/** A permission to answer from memory until this moment. */
export type Lease = { end: Moment }

/** Two clocks that each run up to 2 % wrong, one fast and one slow, still agree on who may answer. */
const margin = 0.04

/** Further from the database's clock than this, the clock of a machine is called wrong. */
export const greatestSkewMs = 1_000

/** The lease that a renewal gives: it counts from before the renewal was sent, never from its reply. */
export function leaseFrom(sent: Moment, ttlMs: number): Lease {
  const length = ttlMs * (1 - margin)
  return { end: { monotonicMs: sent.monotonicMs + length, wallMs: sent.wallMs + length } }
}

/** Whether the lease holds at this very moment. Ask again for each decision. */
export const holds = (lease: Lease | undefined, time: RealTime): boolean =>
  lease !== undefined && time.monotonicMs() < lease.end.monotonicMs && time.wallMs() < lease.end.wallMs

/** Milliseconds since the renewal was sent that gave this lease, which is of that length; undefined without one. */
export const leaseAgeMs = (lease: Lease | undefined, ttlMs: number, time: RealTime): number | undefined =>
  lease && time.monotonicMs() - (lease.end.monotonicMs - ttlMs * (1 - margin))

/** How far the wall clock is from the database's, at least, given when the question left and the answer came. */
export const skewMs = (sentWallMs: number, databaseMs: number, receivedWallMs: number): number =>
  Math.max(0, sentWallMs - databaseMs, databaseMs - receivedWallMs)
