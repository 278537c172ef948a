import { InvalidArgumentError } from 'commander'
import { Temporal } from 'temporal-polyfill'

const day = /^\d{4}-\d{2}-\d{2}$/

/** A day of UTC from its beginning, or a moment with its offset; undefined for anything else. */
export function readMoment(text: string): Date | undefined {
  try {
    const instant = day.test(text)
      ? Temporal.PlainDate.from(text).toZonedDateTime('UTC').toInstant()
      : Temporal.Instant.from(text)
    return new Date(instant.epochMilliseconds)
  } catch {
    return undefined
  }
}

/** For an option: where a time begins. @throws InvalidArgumentError */
export function momentFrom(text: string): Date {
  const at = readMoment(text)
  if (!at) throw new InvalidArgumentError('Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.')
  return at
}

/** For an option: an end that is not included itself; of a day, the beginning of the next. */
export function momentUntil(text: string): Date {
  const at = momentFrom(text)
  return day.test(text) ? new Date(at.getTime() + 86_400_000) : at
}
