import { bucketSeconds, hourDays, recordDays } from './constants.ts'
import { hourIndex } from './hours.ts'
import { dayIndex } from './rings.ts'
import type { KeyState } from './state.ts'

/** A moment on the workspace's clock: days and hours since 1970, and the five minutes of its day. */
export type Moment = { bucket: number; hour: number; day: number; ofDay: number }

/** `offsetSeconds` is what the workspace's clock is ahead of UTC at this very moment, daylight saving included. */
export function momentOf(at: number, offsetSeconds: number): Moment {
  const local = at + offsetSeconds
  const day = Math.floor(local / 86400)
  return {
    bucket: Math.floor(at / bucketSeconds),
    hour: Math.floor(local / 3600),
    day,
    ofDay: Math.floor((local - day * 86400) / bucketSeconds),
  }
}

/** Forgets hours that were skipped: by a gap, or by the clock in spring. */
export function forgetHours(state: KeyState, from: number, to: number): void {
  for (let hour = Math.max(from, to - hourDays * 24); hour < to; hour++) state.hours[hourIndex(hour)] = 0
}

/** Forgets days of which nothing is known. */
export function forgetDays(state: KeyState, from: number, to: number): void {
  const rings = [...Object.values(state.rings), state.quietLevels, state.topHoursAt]
  for (let day = Math.max(from, to - recordDays); day < to; day++)
    for (const ring of rings) ring[dayIndex(day)] = 0
}

/** A gap in the known time ends everything that needs unbroken time. */
export function forgetRecent(state: KeyState): void {
  state.buckets.fill(0)
  state.unbroken = 0
  state.hourSum = 0
  state.hourSeen = 0
  state.silence = 0
  state.missing = 0
  state.run = 0
  state.burstLength = 0
  state.burstSum = 0
  state.errorEvidence = 0
  state.slowBefore = 0
}
