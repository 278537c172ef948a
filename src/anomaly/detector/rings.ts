import { recordDays } from './constants.ts'

/** Steps per unit of logarithm: one is 0.05 %. */
const steps = 2000
/** The smallest excess that is distinguished from others: a 22,000th. */
const lowest = -10

/** A count as a 16-bit logarithm: zero is "unknown", one is none, the largest is 1.7e14. */
export const encodeCount = (count: number): number =>
  1 + Math.min(65534, Math.round(Math.log1p(count) * steps))
export const decodeCount = (code: number): number => Math.expm1((code - 1) / steps)

/** A logarithm of a ratio as 16 bits, zero again "unknown". */
export const encodeRatio = (ratio: number): number =>
  1 + Math.max(0, Math.min(65534, Math.round((ratio - lowest) * steps)))
export const decodeRatio = (code: number): number => (code - 1) / steps + lowest

/** Where a day stands in a ring. */
export const dayIndex = (day: number, days = recordDays): number => ((day % days) + days) % days

/** The summary of a ring of records. */
export type Summary = {
  /** The highest record; zero when there is none. */
  highest: number
  /** Spread of the upper half above the median (root mean square): quiet weekends do not widen it. */
  spread: number
  median: number
  /** Days with a record. */
  days: number
}

const sorted = new Float64Array(recordDays)

/** Sums up a ring, each record read by `decode`. */
export function summarise(ring: Uint16Array, decode: (code: number) => number): Summary {
  let days = 0
  for (const code of ring) if (code > 0) sorted[days++] = decode(code)
  if (days === 0) return { highest: 0, spread: 0, median: 0, days }
  const values = sorted.subarray(0, days).sort()
  const middle = days >> 1
  const median = values[middle]!
  let squares = 0
  for (let i = middle; i < days; i++) squares += (values[i]! - median) ** 2
  return { highest: values[days - 1]!, spread: Math.sqrt(squares / (days - middle)), median, days }
}
