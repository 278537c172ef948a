import { describe, expect, it } from 'vitest'
import { ago, clockTime, dayName, formatSlackDate, tsToMs } from '../page/time.ts'

const stockholm = { timeZone: 'Europe/Stockholm', now: Date.parse('2026-03-03T22:30:00Z') }
const newYork = { ...stockholm, timeZone: 'America/New_York' }
const at = (iso: string) => Date.parse(iso)

describe('time on the page', () => {
  it('is the reader’s own', () => {
    expect(clockTime(at('2026-03-03T13:02:00Z'), stockholm)).toBe('14:02')
    expect(clockTime(at('2026-03-03T13:02:00Z'), newYork)).toBe('08:02')
    expect(clockTime(at('2026-03-03T23:05:00Z'), stockholm)).toBe('00:05')
  })

  it('calls a day by its distance from the calendar’s present, in the reader’s zone', () => {
    const moment = at('2026-03-03T23:30:00Z')
    expect(dayName(moment, stockholm)).toBe('Tomorrow')
    expect(dayName(moment, newYork)).toBe('Today')
    expect(dayName(at('2026-03-02T12:00:00Z'), stockholm)).toBe('Yesterday')
    expect(dayName(at('2026-02-20T12:00:00Z'), stockholm)).toBe('Friday 20 February')
    expect(dayName(at('2025-12-24T12:00:00Z'), stockholm)).toBe('Wednesday, 24 December 2025')
  })

  it('fills Slack’s date tokens', () => {
    const seconds = at('2026-03-03T13:02:09Z') / 1000
    const shown = (template: string) => formatSlackDate(seconds, template, stockholm, 'fallback')
    expect(shown('{date_num} {time_secs}')).toBe('2026-03-03 14:02:09')
    expect(shown('{date_short_pretty} at {time}')).toBe('Today at 14:02')
    expect(shown('since {date_pretty}')).toBe('since today')
    expect(shown('{date_short}')).toBe('3 Mar 2026')
    expect(shown('{date}')).toBe('3 March')
    expect(shown('{unheard_of}')).toBe('{unheard_of}')
    expect(formatSlackDate(Number.NaN, '{date}', stockholm, 'fallback')).toBe('fallback')
  })

  it('counts from the present in both directions', () => {
    expect(ago(stockholm.now - 3 * 60_000, stockholm)).toBe('3 minutes ago')
    expect(ago(stockholm.now + 2 * 86_400_000, stockholm)).toBe('in 2 days')
    expect(ago(stockholm.now - 5000, stockholm)).toBe('just now')
  })

  it('reads a message’s timestamp as seconds', () => {
    expect(tsToMs('1700000000.250000')).toBe(1_700_000_000_250)
  })
})
