import { Temporal } from 'temporal-polyfill'

export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000
export const weekMs = 7 * dayMs

/** The same time of day `days` later on that zone's wall clock, also across a change of daylight saving. */
export const addDays = (at: Date, days: number, timeZone: string): Date =>
  new Date(
    Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).add({ days })
      .epochMilliseconds,
  )

/** The date of a moment in that zone, as `2026-03-29`. */
export const dayIn = (timeZone: string, at: Date): string =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDate().toString()

/** A day on its own, as 2026-03-01. */
export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

/** A day of UTC from its beginning, or a moment with its offset, in ISO 8601; undefined for anything else. */
export function readMoment(text: string): Date | undefined {
  try {
    const instant = isDay(text)
      ? Temporal.PlainDate.from(text).toZonedDateTime('UTC').toInstant()
      : Temporal.Instant.from(text)
    return new Date(instant.epochMilliseconds)
  } catch {
    return undefined
  }
}

/** Names that were found good: to ask costs more than all the rest of reading a workspace's rules. */
const knownTimeZones = new Set<string>()

/** Whether this is the name of a time zone that dates can be shown in. */
export function isTimeZone(name: string): boolean {
  if (knownTimeZones.has(name)) return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    knownTimeZones.add(name)
    return true
  } catch {
    return false
  }
}
