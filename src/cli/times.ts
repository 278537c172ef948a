import { InvalidArgumentError } from 'commander'
import { dayMs, isDay, readMoment } from '../foundation/time.ts'

/** Parses an option: the start of a range. @throws InvalidArgumentError */
export function momentFrom(text: string): Date {
  const at = readMoment(text)
  if (!at) throw new InvalidArgumentError('Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.')
  return at
}

/** Parses an option: the exclusive end of a range; for a day, the start of the next. */
export function momentUntil(text: string): Date {
  const at = momentFrom(text)
  return isDay(text) ? new Date(at.getTime() + dayMs) : at
}
