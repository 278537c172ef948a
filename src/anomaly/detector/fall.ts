import { fallAtLeast, fallBuckets, fewInHour, hourBuckets, ready } from './constants.ts'
import { isReady } from './margins.ts'
import { closeRatioDay, learnRatio, openRatioDay, type RatioRecords } from './ratio-records.ts'
import type { KeyState } from './state.ts'

const falls: RatioRecords = { ring: 'falls', top: 'topFall', margin: 'fallMargin', atLeast: fallAtLeast }

/**
 * The last quarter of an hour of a key that is still used, against the quietest hour that this one can be compared with. How
 * far below a key goes now and then is on record; without any request it is silent. After a gap nothing is known of
 * the quarter.
 */
export function fall(state: KeyState, count: number): number {
  if (state.comparableHigh < 0 || state.unbroken < fallBuckets) return 0
  const usual = (state.comparableLow * fallBuckets) / hourBuckets
  const short = Math.log((usual + fewInHour) / (lastQuarter(state) + fewInHour))
  const score = short / state.fallMargin
  learnRatio(state, falls, short)
  return count > 0 && isReady(state, ready.fall) ? score : 0
}

/** Requests of the last quarter of an hour. */
export function lastQuarter(state: KeyState): number {
  let sum = 0
  for (let back = 0; back < fallBuckets; back++) sum += state.buckets[(state.bucket - back) % hourBuckets]!
  return sum
}

export const closeFallDay = (state: KeyState) => closeRatioDay(state, falls)
export const openFallDay = (state: KeyState) => openRatioDay(state, falls, 0)
