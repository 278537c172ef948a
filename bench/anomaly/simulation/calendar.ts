/** Seconds in one bucket, and buckets in a day and a week. */
export const bucketSeconds = 300
export const day = 288
export const week = 7 * day

/** Monday 2026-01-05 00:00 UTC, when every simulated key's first bucket starts. */
export const firstMoment = 1767571200

/** The simulation's length in weeks, and in buckets. */
const weeks = 8
export const length = weeks * week
