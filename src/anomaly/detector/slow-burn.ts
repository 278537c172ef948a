import {
  almost,
  fewInWindow,
  hourDays,
  ready,
  slowAge,
  slowAtLeast,
  slowSpreads,
  slowWindows,
} from './constants.ts'
import { type Roots, rootsUntil, windowSum } from './hours.ts'
import { hasNoTimes, isReady, mostlyQuiet } from './margins.ts'
import { closeRatioDay, learnRatio, openRatioDay, type RatioRecords } from './ratio-records.ts'
import type { KeyState } from './state.ts'

type Window = RatioRecords & { hours: number }
const windows = slowWindows.map(
  (hours, i): Window => ({
    hours,
    atLeast: slowAtLeast[i]!,
    ring: `slow${hours}`,
    top: `topSlow${hours}`,
    margin: `slowMargin${hours}`,
  }),
)

/**
 * At the end of an hour: the last 6, 12 and 24 hours against the same hours of the clock on earlier days. Square roots
 * of hours are compared (Bartlett 1936: they even out the variance of counts), so that one burst is not a busy day.
 * `now` is what the hour really was, before it was cut to what it may teach.
 */
export function slowBurn(state: KeyState, hour: number, now: number, learn: boolean): number {
  const known = rootsUntil(state, hour, now)
  let score = 0
  for (const window of windows) {
    const highest = highestBefore(known, window.hours)
    const sum = windowSum(known, 0, window.hours)
    if (highest < 0 || sum < 0) continue
    const few = Math.sqrt(fewInWindow)
    const above = 2 * Math.log((sum + few) / (highest + few))
    if (learn) learnRatio(state, window, above)
    if (!isReady(state, ready.slow)) continue
    score = Math.max(score, ((hasNoTimes(state) ? 0.3 : 1) * above) / state[window.margin])
  }
  return confirmed(state, score)
}

/** Strange is what the hour before was too: a daily run that came late is for one hour twice in the day's window. */
function confirmed(state: KeyState, score: number): number {
  const before = state.slowBefore
  state.slowBefore = score
  return score < 1 ? score : Math.max(almost, Math.min(score, before))
}

function highestBefore(known: Roots, length: number): number {
  let highest = -1
  const since = length >= 12 ? slowAge : 1
  for (let day = since; day < hourDays - 2; day++)
    highest = Math.max(highest, windowSum(known, 24 * day, length))
  return highest
}

export function closeSlowDay(state: KeyState): void {
  for (const window of windows) closeRatioDay(state, window)
}

export function openSlowDay(state: KeyState): void {
  const spreads = mostlyQuiet(state) ? slowSpreads.quiet : slowSpreads.even
  for (const window of windows) openRatioDay(state, window, spreads)
}
