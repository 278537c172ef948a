import { hourDays } from './constants.ts'
import { decodeCount } from './rings.ts'
import type { KeyState } from './state.ts'

const slots = hourDays * 24

/** Where an hour (local, counted since 1970) stands among the hours kept. */
export const hourIndex = (hour: number): number => ((hour % slots) + slots) % slots

const earliest = (state: KeyState) => state.firstDay * 24

/**
 * The busiest and the quietest hour that this one can be compared with: the same hour of the day and its neighbours,
 * on all days kept. High is -1 when there is none.
 */
export function comparable(state: KeyState, hour: number): { high: number; low: number } {
  let high = 0
  let low = 65535
  for (let back = 1; back < hourDays; back++)
    for (let beside = -1; beside <= 1; beside++) {
      const other = hour + beside - 24 * back
      const code = other < earliest(state) ? 0 : state.hours[hourIndex(other)]!
      if (code === 0) continue
      if (code > high) high = code
      if (code < low) low = code
    }
  return high === 0 ? { high: -1, low: 0 } : { high: decodeCount(high), low: decodeCount(low) }
}

const roots = new Float64Array(slots)

/** Roots of the hours up to `last`, newest first, -1 where unknown: read once for all windows. */
export function rootsUntil(state: KeyState, last: number): Float64Array {
  for (let back = 0; back < slots - 24; back++) {
    const hour = last - back
    const code = hour < earliest(state) ? 0 : state.hours[hourIndex(hour)]!
    roots[back] = code === 0 ? -1 : Math.sqrt(decodeCount(code))
  }
  return roots
}

/** The sum of `length` roots from `from` hours back; -1 when one of them is unknown. */
export function windowSum(known: Float64Array, from: number, length: number): number {
  let sum = 0
  for (let back = from; back < from + length; back++) {
    if (known[back]! < 0) return -1
    sum += known[back]!
  }
  return sum
}
