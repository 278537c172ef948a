import { Temporal } from 'temporal-polyfill'

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
