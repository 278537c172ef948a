/**
 * Calendar time: when a key expires, when a deadline falls. It is injected and may jump in tests and the demo.
 * Leases, claims, timeouts and signatures never ask this clock; they run on real time.
 */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }
