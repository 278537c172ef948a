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

/** Sums of the roots of hours, newest first, and how many of them are unknown: entry `i` is about the `i` newest. */
export type Roots = { sums: Float64Array; unknown: Uint16Array }

const roots: Roots = { sums: new Float64Array(slots - 23), unknown: new Uint16Array(slots - 23) }
/** Roots of all codes: one look instead of an exponential and a root. */
const rootOf = Float64Array.from({ length: 65536 }, (_, code) => (code ? Math.sqrt(decodeCount(code)) : 0))

/** Reads the hours up to `last` once for all windows; the newest had `now` requests. */
export function rootsUntil(state: KeyState, last: number, now: number): Roots {
  const { sums, unknown } = roots
  const first = earliest(state)
  let index = hourIndex(last)
  for (let back = 0; back < slots - 24; back++) {
    const code = last - back < first ? 0 : state.hours[index]!
    sums[back + 1] = sums[back]! + (back === 0 ? Math.sqrt(now) : rootOf[code]!)
    unknown[back + 1] = unknown[back]! + (code === 0 && back > 0 ? 1 : 0)
    index = index === 0 ? slots - 1 : index - 1
  }
  return roots
}

/** The sum of `length` roots from `from` hours back; -1 when one of them is unknown. */
export function windowSum({ sums, unknown }: Roots, from: number, length: number): number {
  const to = from + length
  return unknown[to]! > unknown[from]! ? -1 : sums[to]! - sums[from]!
}
