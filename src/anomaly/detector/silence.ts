import {
  hourBuckets,
  maxSilenceScore,
  ready,
  silenceMissing,
  silenceMore,
  silenceTimes,
} from './constants.ts'
import { dayIndex, decodeCount, encodeCount, summarise } from './rings.ts'
import type { KeyState } from './state.ts'

/** Buckets of silence from which it is strange for this key. */
export const usualSilence = (state: KeyState) => silenceTimes * state.silenceRecord + silenceMore

/**
 * Buckets without any request against the longest silence known, and against what the quietest comparable hour would
 * have brought meanwhile: both must be strange.
 */
export function silence(state: KeyState, count: number): number {
  if (count > 0) {
    state.silence = 0
    state.missing = 0
    return 0
  }
  state.silence++
  state.missing += state.comparableLow / hourBuckets
  // An outage is no habit; on the first day everything is.
  const max = state.day === state.firstDay ? Infinity : usualSilence(state) + silenceMore
  state.topSilence = Math.max(state.topSilence, Math.min(state.silence, max))
  if (state.day - state.firstDay < ready.silence) return 0
  // Squared: half a silence is much less than half a reason.
  return Math.min(
    maxSilenceScore,
    Math.min(state.missing / silenceMissing, state.silence / usualSilence(state)) ** 2,
  )
}

export function closeSilenceDay(state: KeyState): void {
  state.rings.silences[dayIndex(state.day)] = encodeCount(state.topSilence)
  state.topSilence = 0
}

export function openSilenceDay(state: KeyState): void {
  state.silenceRecord = summarise(state.rings.silences, decodeCount).highest
}
