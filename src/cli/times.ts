import { InvalidArgumentError } from 'commander'
import { dayMs, isDay, readMoment } from '../foundation/time.ts'

/** For an option: where a time begins. @throws InvalidArgumentError */
export function momentFrom(text: string): Date {
  const at = readMoment(text)
  if (!at) throw new InvalidArgumentError('Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.')
  return at
}

/** For an option: an end that is not included itself; of a day, the beginning of the next. */
export function momentUntil(text: string): Date {
  const at = momentFrom(text)
  return isDay(text) ? new Date(at.getTime() + dayMs) : at
}
