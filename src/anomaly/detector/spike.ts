import { fewInBucket, ready, spikeAtLeast, spikeSpreads } from './constants.ts'
import { fewBursts, fromRecords, leastMargin } from './margins.ts'
import { dayIndex, decodeCount, encodeCount, summarise } from './rings.ts'
import type { KeyState } from './state.ts'

/** These five minutes against the busiest five minutes of the record. */
export function spike(state: KeyState, count: number): number {
  if (state.day - state.firstDay < ready.spike) return 0
  return Math.log((count + fewInBucket) / (state.spikeRecord + fewInBucket)) / state.spikeMargin
}

/** Keeps the day's busiest bucket, a spike only up to what would have alerted: an incident is no habit. */
export function closeSpikeDay(state: KeyState): void {
  const ceiling = (state.spikeRecord + fewInBucket) * Math.exp(state.spikeMargin) - fewInBucket
  const top = state.spikeRecord > 0 ? Math.min(state.topBucket, ceiling) : state.topBucket
  state.rings.topBuckets[dayIndex(state.day)] = encodeCount(top)
  state.topBucket = 0
}

/** Works out the records that today is compared with. */
export function openSpikeDay(state: KeyState): void {
  const records = summarise(state.rings.topBuckets, (code) => Math.log(decodeCount(code) + fewInBucket))
  state.spikeRecord = records.days ? Math.exp(records.highest) - fewInBucket : 0
  state.spikeMargin =
    fewBursts(state) *
    Math.max(leastMargin(state, spikeAtLeast), fromRecords(records, spikeSpreads * records.spread))
}
