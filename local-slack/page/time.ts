const LOCALE = 'en-GB'
const DAY_MS = 86_400_000

/** Where and when the reader is: an IANA zone and the present, in milliseconds. */
export type Reader = { timeZone: string; now: number }

/** A message's `ts` as milliseconds. */
export function tsToMs(ts: string): number {
  return Number.parseFloat(ts) * 1000
}

export function clockTime(ms: number, reader: Reader, seconds = false): string {
  return format(ms, reader, {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' as const }),
    hourCycle: 'h23',
  })
}

/** `Today`, `Yesterday`, `Tomorrow`, or the date; the year only where it is not the present one. */
export function dayName(ms: number, reader: Reader): string {
  return (
    relativeDay(ms, reader, true) ??
    format(ms, reader, { weekday: 'long', day: 'numeric', month: 'long', ...yearUnlessPresent(ms, reader) })
  )
}

/** The day in the reader's zone as a sortable key, e.g. `2026-03-03`. */
export function dayKey(ms: number, reader: Reader): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: reader.timeZone, dateStyle: 'short' }).format(ms)
}

export function fullMoment(ms: number, reader: Reader): string {
  return `${format(ms, reader, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })}, ${clockTime(ms, reader)}`
}

/** Fills Slack's date tokens, e.g. `{date_short_pretty} at {time}`, in the reader's zone. */
export function formatSlackDate(seconds: number, template: string, reader: Reader, fallback: string): string {
  const ms = seconds * 1000
  if (!Number.isFinite(ms)) return fallback
  return template.replace(
    /\{(\w+)\}/g,
    (token, name: string, at: number) => dateToken(name, ms, reader, at === 0) ?? token,
  )
}

function dateToken(name: string, ms: number, reader: Reader, first: boolean): string | undefined {
  const day = { day: 'numeric', month: 'long' } as const
  switch (name) {
    case 'date_num':
      return dayKey(ms, reader)
    case 'date_slash':
      return format(ms, reader, { dateStyle: 'short' })
    case 'date':
      return format(ms, reader, { ...day, ...yearUnlessPresent(ms, reader) })
    case 'date_long_full':
      return format(ms, reader, { ...day, year: 'numeric' })
    case 'date_short':
      return format(ms, reader, { day: 'numeric', month: 'short', year: 'numeric' })
    case 'date_long':
      return format(ms, reader, { weekday: 'long', ...day, year: 'numeric' })
    case 'day_divider_pretty':
      return first ? dayName(ms, reader) : (relativeDay(ms, reader, false) ?? dayName(ms, reader))
    case 'date_pretty':
    case 'date_short_pretty':
    case 'date_long_pretty':
      return relativeDay(ms, reader, first) ?? dateToken(name.replace('_pretty', ''), ms, reader, first)
    case 'time':
      return clockTime(ms, reader)
    case 'time_secs':
      return clockTime(ms, reader, true)
    case 'ago':
      return ago(ms, reader)
    default:
      return undefined
  }
}

/** How far from the present, e.g. `3 minutes ago`, `in 2 days`. */
export function ago(ms: number, reader: Reader): string {
  const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' })
  const seconds = (ms - reader.now) / 1000
  for (const [unit, size] of [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return 'just now'
}

function relativeDay(ms: number, reader: Reader, capital: boolean): string | undefined {
  const key = dayKey(ms, reader)
  const name =
    key === dayKey(reader.now, reader)
      ? 'today'
      : key === dayKey(reader.now - DAY_MS, reader)
        ? 'yesterday'
        : key === dayKey(reader.now + DAY_MS, reader)
          ? 'tomorrow'
          : undefined
  return name && capital ? name[0]!.toUpperCase() + name.slice(1) : name
}

function yearUnlessPresent(ms: number, reader: Reader): { year?: 'numeric' } {
  const same = dayKey(ms, reader).slice(0, 4) === dayKey(reader.now, reader).slice(0, 4)
  return same ? {} : { year: 'numeric' }
}

function format(ms: number, reader: Reader, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALE, { timeZone: reader.timeZone, ...options }).format(ms)
}
