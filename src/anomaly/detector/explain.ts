import { bucketSeconds, fallBuckets, hourBuckets, recordDays } from './constants.ts'
import { lastQuarter } from './fall.ts'
import { age } from './margins.ts'
import type { KeyState } from './state.ts'

/** The numbers behind a reading, for the sentence of its alert: requests, minutes and shares, each with the usual one. */
export type Figures = {
  /** requests in these five minutes, and in the sixty that end with them */
  count: number
  lastHour: number
  /** the busiest five minutes and the busiest hour of the last `days` days */
  busiestBucket: number
  busiestHour: number
  days: number
  /** the busiest hour at this time of day in the last two weeks */
  busiestComparable: number
  /** how long it has been busy, and how long that usually lasts at the most */
  busyMinutes: number
  usuallyBusyMinutes: number
  /** of the requests it usually has, the share that fails */
  usuallyFailed: number
  /** requests in these five minutes and the ten before, and the quietest quarter of an hour at this time of day in two weeks */
  lastQuarter: number
  leastComparable: number
  silentMinutes: number
  /** requests that should have come in this silence, at the least */
  missing: number
}

/** The state right after a step, as numbers for people. */
export function explain(state: KeyState, count: number): Figures {
  let lastHour = 0
  for (const past of state.buckets) lastHour += past
  const minutes = bucketSeconds / 60
  const isRun = state.run > state.runRecord
  return {
    count,
    lastHour,
    busiestBucket: Math.round(state.spikeRecord),
    busiestHour: Math.round(state.hourRecord),
    days: Math.max(1, Math.min(recordDays, Math.floor(age(state)))),
    busiestComparable: Math.max(0, Math.round(state.comparableHigh)),
    busyMinutes: Math.round(Math.max(1, isRun ? state.run : state.burstLength) * minutes),
    usuallyBusyMinutes: Math.round((isRun ? state.runRecord : Math.exp(state.lengthMean)) * minutes),
    usuallyFailed: state.errors / Math.max(1, state.requests),
    lastQuarter: lastQuarter(state),
    leastComparable: Math.round((state.comparableLow * fallBuckets) / hourBuckets),
    silentMinutes: state.silence * minutes,
    missing: Math.round(state.missing),
  }
}
