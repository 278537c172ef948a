import { learningDays } from './constants.ts'
import { fromRecords, leastMargin } from './margins.ts'
import { dayIndex, decodeRatio, encodeRatio, summarise } from './rings.ts'
import type { KeyState, Numbers, RingName } from './state.ts'

/** A ratio (as a logarithm) whose highest of each day is kept, with the margin it may reach before it is strange. */
export type RatioRecords = {
  ring: RingName
  /** the highest of today so far */
  top: keyof Numbers
  margin: keyof Numbers
  /** the least margin, however even the key */
  atLeast: number
}

/** No ratio is lower, by far: what the highest of a day begins with. */
export const lowestRatio = -10

/** An excess teaches at most as much as what would just have alerted. */
export function learnRatio(state: KeyState, { top, margin }: RatioRecords, ratio: number): void {
  state[top] = Math.max(state[top], Math.min(ratio, state[margin]))
}

/** Excesses of a key's first days are no record yet. */
export function closeRatioDay(state: KeyState, { ring, top }: RatioRecords): void {
  const isLearnt = state.day - state.firstDay >= learningDays
  state.rings[ring][dayIndex(state.day)] = isLearnt ? encodeRatio(state[top]) : 0
  state[top] = lowestRatio
}

/** Works out the margin for today: this many spreads above the highest record. */
export function openRatioDay(
  state: KeyState,
  { ring, margin, atLeast }: RatioRecords,
  spreads: number,
): void {
  const records = summarise(state.rings[ring], decodeRatio)
  const above = Math.max(0, records.highest) + spreads * records.spread
  state[margin] = Math.max(leastMargin(state, atLeast), fromRecords(records, above))
}
