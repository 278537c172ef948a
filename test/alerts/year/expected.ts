import { Temporal } from 'temporal-polyfill'

/** A key of the simulated year, as the test knows it. Hours are the zone's own. */
export type YearKey = {
  name: string
  zone: string
  revealed: string
  lifetimeDays?: number
  scopes?: string[]
  /** traffic that goes on for good, or ended then */
  used?: 'always' | string
  revoked?: string
}

export type Expected = { key: string; kind: string; step: string; at: number }

const dayMs = 86_400_000
const wall = (zone: string, text: string) => Temporal.PlainDateTime.from(text).toZonedDateTime(zone)
export const instant = (zone: string, text: string): number => wall(zone, text).epochMilliseconds

/** The end of a key: the same wall-clock time, whole days after the reveal. */
export const endOf = (key: YearKey): number | undefined =>
  key.lifetimeDays === undefined
    ? undefined
    : wall(key.zone, key.revealed).add({ days: key.lifetimeDays }).epochMilliseconds

/** That many wall-clock days away; a time that comes twice means its second, one that is skipped means after it. */
function shifted(zone: string, at: number, days: number): number {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime()
  return there.add({ days }).toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds
}

/** Every warning that one key must lead to before `until`, worked out from what the documentation says. */
export function expectedOf(key: YearKey, until: number): Expected[] {
  const revealed = instant(key.zone, key.revealed)
  const end = endOf(key) ?? Number.POSITIVE_INFINITY
  const gone = key.revoked ? instant(key.zone, key.revoked) : Number.POSITIVE_INFINITY
  const all = [
    ...expiring(key, revealed, end),
    ...(endsByRotation(key, revealed) ? [] : rotation(key, revealed, until).filter(({ at }) => at < end)),
    ...idle(key, revealed).filter(({ at }) => at < end),
    ...(key.scopes?.includes('write') && key.lifetimeDays === undefined
      ? [{ kind: 'write-without-expiry', step: 'open', at: revealed }]
      : []),
  ]
  return all.filter(({ at }) => at < Math.min(until, gone)).map((one) => ({ ...one, key: key.name }))
}

function expiring(key: YearKey, revealed: number, end: number) {
  if (key.lifetimeDays === undefined) return []
  const steps = [30, 14, 7, 3, 1, 0].filter((days) => days < key.lifetimeDays!)
  return steps.map((days) => ({
    kind: 'expiring',
    step: days === 0 ? 'expired' : `${days}d`,
    at: Math.max(revealed, shifted(key.zone, end, -days)),
  }))
}

/** It stops working on the day on which it is due for rotation, or before: that is one matter, and told as its end. */
function endsByRotation(key: YearKey, revealed: number): boolean {
  const end = endOf(key)
  const day = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(key.zone).toPlainDate()
  return end !== undefined && Temporal.PlainDate.compare(day(end), day(shifted(key.zone, revealed, 90))) <= 0
}

function rotation(key: YearKey, revealed: number, until: number) {
  const due = shifted(key.zone, revealed, 90)
  const weeks = Math.max(0, Math.floor((until - due) / (7 * dayMs)))
  return [
    { kind: 'rotation-due', step: 'warn', at: shifted(key.zone, revealed, 75) },
    { kind: 'rotation-due', step: 'due', at: due },
    ...Array.from({ length: weeks }, (_, i) => ({
      kind: 'rotation-due',
      step: `overdue-${i + 1}w`,
      at: due + (i + 1) * 7 * dayMs,
    })),
  ]
}

function idle(key: YearKey, revealed: number) {
  if (key.used === 'always') return []
  const at = key.used ? instant(key.zone, key.used) + 60 * dayMs : revealed + 30 * dayMs
  return [{ kind: 'idle', step: 'idle', at }]
}
