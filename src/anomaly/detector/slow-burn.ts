import {
  almost,
  fewInWindow,
  hourDays,
  learningDays,
  ready,
  slowAge,
  slowAtLeast,
  slowSpreads,
  slowWindows,
} from './constants.ts'
import { type Roots, rootsUntil, windowSum } from './hours.ts'
import { fromRecords, hasNoTimes, isReady, leastMargin, mostlyQuiet } from './margins.ts'
import { dayIndex, decodeRatio, encodeRatio, summarise } from './rings.ts'
import type { KeyState, Numbers, RingName } from './state.ts'

type Window = { hours: number; atLeast: number; ring: RingName; top: keyof Numbers; margin: keyof Numbers }
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
    if (learn) state[window.top] = Math.max(state[window.top], Math.min(above, state[window.margin]))
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
  const isLearnt = state.day - state.firstDay >= learningDays
  for (const { ring, top } of windows) {
    state.rings[ring][dayIndex(state.day)] = isLearnt ? encodeRatio(state[top]) : 0
    state[top] = -10
  }
}

export function openSlowDay(state: KeyState): void {
  const spreads = mostlyQuiet(state) ? slowSpreads.quiet : slowSpreads.even
  for (const { ring, margin, atLeast } of windows) {
    const records = summarise(state.rings[ring], decodeRatio)
    const above = Math.max(0, records.highest) + spreads * records.spread
    state[margin] = Math.max(leastMargin(state, atLeast), fromRecords(records, above))
  }
}
