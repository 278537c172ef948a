import { Temporal } from 'temporal-polyfill'

/** No zone changes its clock more finely than by quarters of an hour. */
const quarterSeconds = 900

/**
 * By how many seconds a zone's clock is ahead of UTC, as a function of seconds since 1970: daylight saving included.
 * Remembers what it has worked out, since every key of a workspace asks for the same moments.
 */
export function offsetsOf(timeZone: string): (at: number) => number {
  const known = new Map<number, number>()
  return (at) => {
    const quarter = Math.floor(at / quarterSeconds)
    const before = known.get(quarter)
    if (before !== undefined) return before
    const offset = localTime(timeZone, at).offsetNanoseconds / 1e9
    known.set(quarter, offset)
    return offset
  }
}

/** A day of each month, and minutes of the day by the workspace's clock; over midnight when they end before they begin. */
export type MonthlyWindow = { dayOfMonth: number; fromMinute: number; untilMinute: number }

/**
 * Whether a monthly job runs at that time. In a month that is shorter the 31st is its last day. A window over midnight
 * belongs to the day on which it begins.
 */
export function inMonthlyWindow(window: MonthlyWindow, timeZone: string, at: number): boolean {
  const here = localTime(timeZone, at)
  const minute = here.hour * 60 + here.minute
  const { fromMinute, untilMinute } = window
  if (fromMinute < untilMinute) return isItsDay(window, here) && minute >= fromMinute && minute < untilMinute
  return minute >= fromMinute
    ? isItsDay(window, here)
    : minute < untilMinute && isItsDay(window, here.subtract({ days: 1 }))
}

const isItsDay = ({ dayOfMonth }: MonthlyWindow, { day, daysInMonth }: Temporal.ZonedDateTime) =>
  day === Math.min(dayOfMonth, daysInMonth)

/** "02:30" as minutes of the day; undefined for what is no time. */
export function minuteOf(time: string): number | undefined {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time.trim())
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : undefined
}

/** Minutes of the day as "02:30". */
export const timeOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** A moment on the zone's clock; `at` in seconds since 1970. */
export const localTime = (timeZone: string, at: number): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(timeZone)
