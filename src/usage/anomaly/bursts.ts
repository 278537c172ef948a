import {
  burstDeviant, burstDeviations, burstFew, burstGap, burstJudged, burstLeast, burstMemory, ready,
} from './constants.ts' // biome-ignore format: a list
import { burstsAreKnown, mostlyQuiet } from './margins.ts'
import type { KeyState } from './state.ts'

/** The quiet level is a lower third; what Poisson gives lies about this much above it. */
const aboveThird = 0.8

const isActive = (state: KeyState, count: number) =>
  count > state.quietLevel + aboveThird + burstDeviations * Math.sqrt(state.quietLevel + aboveThird + 0.5) + 1

/**
 * The burst under way against the key's own bursts: longer than they last, or of another size, both as deviations of
 * logarithms. Zero for keys that are not mostly quiet.
 */
export function burst(state: KeyState, count: number): number {
  const active = isActive(state, count)
  state.activeShare += ((active ? 1 : 0) - state.activeShare) / Math.min(state.seen, 2016)
  if (active) grow(state, count)
  else if (state.burstLength > 0 && ++state.burstGap > burstGap) endBurst(state)
  if (!active || state.burstLength < burstJudged || state.day - state.firstDay < ready.activity) return 0
  if (!mostlyQuiet(state) || !burstsAreKnown(state)) return 0
  const { length, size } = deviations(state)
  return Math.hypot(Math.max(0, length), size) / (burstDeviant * (1 + burstFew / state.bursts))
}

function grow(state: KeyState, count: number): void {
  state.burstGap = 0
  state.burstLength++
  state.burstSum += count - state.quietLevel
}

function deviations(state: KeyState) {
  const spreadOf = (variance: number, least: number) => Math.sqrt(Math.max(variance, least ** 2))
  const size = Math.log(state.burstSum / state.burstLength) - state.sizeMean
  return {
    length:
      (Math.log(state.burstLength) - state.lengthMean) / spreadOf(state.lengthVariance, burstLeast.length),
    size: size / Math.hypot(spreadOf(state.sizeVariance, burstLeast.size), 1 / Math.sqrt(state.burstSum)),
  }
}

/** A finished burst teaches the next, an extreme one only as much as would just have alerted. */
function endBurst(state: KeyState): void {
  const cut = (value: number, variance: number) => {
    const most = burstDeviant * Math.sqrt(variance)
    return Math.max(-most, Math.min(most, value))
  }
  const buckets = state.burstLength
  const length = Math.log(state.burstLength)
  const size = Math.log(state.burstSum / state.burstLength)
  state.burstLength = 0
  state.burstSum = 0
  state.burstGap = 0
  if (buckets < burstJudged) return
  state.bursts++
  if (state.bursts === 1) {
    state.lengthMean = length
    state.sizeMean = size
    return
  }
  const dl = cut(length - state.lengthMean, state.lengthVariance)
  const ds = cut(size - state.sizeMean, state.sizeVariance)
  const weight = 1 / Math.min(state.bursts, burstMemory)
  state.lengthMean += weight * dl
  state.sizeMean += weight * ds
  // The variances begin with a guess worth four bursts.
  const slower = 1 / Math.min(state.bursts + 4, burstMemory)
  state.lengthVariance += slower * (dl * dl - state.lengthVariance)
  state.sizeVariance += slower * (ds * ds - state.sizeVariance)
}
