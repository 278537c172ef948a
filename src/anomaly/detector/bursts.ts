import {
  burstDeviations, burstGap, burstGuess, burstJudged, burstMemory, burstSizeCounts, burstSurprise, burstTeaches, dayBuckets, ready,
} from './constants.ts' // biome-ignore format: a list
import { burstsAreKnown, mostlyQuiet } from './margins.ts'
import type { KeyState } from './state.ts'

/** The quiet level is a lower third; what Poisson gives lies about this much above it. */
const aboveThird = 0.8

const isActive = (state: KeyState, count: number) =>
  count > state.quietLevel + aboveThird + burstDeviations * Math.sqrt(state.quietLevel + aboveThird + 0.5) + 1

/**
 * The burst under way against the key's own bursts: in how many weeks one of them lasts so long and is of this size, the
 * root of its logarithm. Zero for keys that are not mostly quiet.
 */
export function burst(state: KeyState, count: number): number {
  const active = isActive(state, count)
  state.activeShare += ((active ? 1 : 0) - state.activeShare) / Math.min(state.seen, 2016)
  if (active) grow(state, count)
  else if (state.burstLength > 0 && ++state.burstGap > burstGap) endBurst(state)
  if (!active || state.burstLength < burstJudged || state.day - state.firstDay < ready.activity) return 0
  if (!mostlyQuiet(state) || !burstsAreKnown(state)) return 0
  // The root, because a deviation is what other reasons are measured in.
  return Math.sqrt(Math.max(0, surprise(state) - Math.log(burstsInWeek(state))) / burstSurprise)
}

function grow(state: KeyState, count: number): void {
  state.burstGap = 0
  state.burstLength++
  state.burstSum += count - state.quietLevel
}

/** A key of many bursts has a strange one sooner. */
const burstsInWeek = (state: KeyState) => (state.bursts * 7 * dayBuckets) / state.seen

/**
 * How unlikely a burst is, as a logarithm. Sizes after Student: a mean and a deviation of a few bursts promise less than
 * those of many.
 */
function surprise(state: KeyState): number {
  const length = (Math.log(state.burstLength) - state.lengthMean) / Math.sqrt(state.lengthVariance)
  const known = Math.min(state.bursts, burstMemory)
  const spread = Math.sqrt(state.sizeVariance * (1 + 1 / known))
  const mean = state.burstSum / state.burstLength
  const size = (Math.log(mean) - state.sizeMean) / Math.hypot(spread, 1 / Math.sqrt(state.burstSum))
  const freedom = known + burstGuess.sizes
  return burstSizeCounts * 0.5 * freedom * Math.log1p(size ** 2 / freedom) - logTail(length)
}

/** The logarithm of the normal distribution's upper tail, after Birnbaum (1942); below the mean that of a half. */
function logTail(deviation: number): number {
  const z = Math.max(0, deviation)
  return -(z * z) / 2 - Math.log((z + Math.sqrt(z * z + 8 / Math.PI)) / Math.sqrt(8 / Math.PI)) - Math.LN2
}

/** A finished burst teaches the next, an extreme one only as much as three deviations would. */
function endBurst(state: KeyState): void {
  const cut = (value: number, variance: number) => {
    const max = 3 * Math.sqrt(variance)
    return Math.max(-max, Math.min(max, value))
  }
  const buckets = state.burstLength
  const size = Math.log(Math.max(0.5, state.burstSum / buckets))
  state.burstLength = 0
  state.burstSum = 0
  state.burstGap = 0
  if (buckets < burstTeaches) return
  state.bursts++
  if (state.bursts === 1) state.sizeMean = size
  const dl = cut(Math.log(buckets) - state.lengthMean, state.lengthVariance)
  const ds = cut(size - state.sizeMean, state.sizeVariance)
  // How long bursts last begins with a guess, since a few of them say little about the longest.
  const slowly = 1 / Math.min(state.bursts + burstGuess.lengths, burstMemory + burstGuess.lengths)
  state.lengthMean += slowly * dl
  state.lengthVariance += slowly * (dl * dl - state.lengthVariance)
  state.sizeMean += ds / Math.min(state.bursts, burstMemory)
  state.sizeVariance +=
    (ds * ds - state.sizeVariance) / Math.min(state.bursts + burstGuess.sizes, burstMemory)
}
