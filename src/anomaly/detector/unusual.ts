import { fewInHour, ready, unusualAtLeast, unusualSpreads } from './constants.ts'
import { fewBursts, hasNoTimes, isReady, mostlyQuiet } from './margins.ts'
import { closeRatioDay, openRatioDay, type RatioRecords } from './ratio-records.ts'
import { dayIndex, decodeCount, encodeCount, summarise } from './rings.ts'
import type { KeyState } from './state.ts'

export const unusualRatios: RatioRecords = {
  ring: 'unusual',
  top: 'topUnusual',
  margin: 'unusualMargin',
  atLeast: unusualAtLeast,
}

/** How far the last sixty minutes are above the busiest comparable hour, as a logarithm. */
export const excess = (state: KeyState, lastHour: number): number =>
  Math.log((lastHour + fewInHour) / (state.comparableHigh + fewInHour))

/** The last sixty minutes against this time of day: night use, or a busier hour than ever. */
export function unusual(state: KeyState, lastHour: number): number {
  if (state.comparableHigh < 0 || !isReady(state, ready.unusual)) return 0
  return ((hasNoTimes(state) ? 0.5 : 1) * excess(state, lastHour)) / state.unusualMargin
}

/** The most that an hour may teach its successors: what would just have alerted. */
export const hourCeiling = (state: KeyState): number =>
  state.comparableHigh < 0
    ? Infinity
    : (state.comparableHigh + fewInHour) * Math.exp(state.unusualMargin) - fewInHour

export function closeUnusualDay(state: KeyState): void {
  const index = dayIndex(state.day)
  state.rings.topHours[index] = encodeCount(state.topHour)
  state.topHoursAt[index] = state.topHourAt
  state.topHour = 0
  closeRatioDay(state, unusualRatios)
}

export function openUnusualDay(state: KeyState): void {
  state.hourRecord = summarise(state.rings.topHours, decodeCount).highest
  openRatioDay(state, unusualRatios, mostlyQuiet(state) ? unusualSpreads.quiet : unusualSpreads.even)
  state.unusualMargin *= fewBursts(state)
}
