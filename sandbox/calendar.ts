import type { Clock } from '../src/foundation/clock.ts'

export type Calendar = Clock & { advance(by: { days: number; minutes: number }): void }

/** A calendar that runs with real time and can be moved forward. */
export function openCalendar(start = new Date()): Calendar {
  let ahead = start.getTime() - Date.now()
  return {
    now: () => new Date(Date.now() + ahead),
    advance({ days, minutes }) {
      ahead += (days * 24 * 60 + minutes) * 60_000
    },
  }
}
