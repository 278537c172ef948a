import { Temporal } from 'temporal-polyfill'
import type { Policy } from './policy.ts'

type Quiet = Pick<Policy, 'quietFrom' | 'quietUntil' | 'timeZone'>

/**
 * When a message that can wait may be sent: undefined for now, else the end of the current quiet hours. Hours are
 * wall-clock time in the workspace's zone; one that daylight saving skips ends when the clocks jump. None are quiet where
 * both ends are the same.
 */
export function quietUntil(policy: Quiet, now: Date): Date | undefined {
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(policy.timeZone)
  const at = here.toPlainTime()
  const [from, until] = [
    Temporal.PlainTime.from(policy.quietFrom),
    Temporal.PlainTime.from(policy.quietUntil),
  ]
  const past = (time: Temporal.PlainTime) => Temporal.PlainTime.compare(at, time) >= 0
  const overnight = Temporal.PlainTime.compare(from, until) > 0
  const isQuiet = overnight ? past(from) || !past(until) : past(from) && !past(until)
  if (!isQuiet) return undefined
  const day = overnight && past(from) ? here.toPlainDate().add({ days: 1 }) : here.toPlainDate()
  const end = day.toZonedDateTime({ timeZone: policy.timeZone, plainTime: until })
  // An hour that occurs twice ends after the first.
  return end.epochMilliseconds > now.getTime() ? new Date(end.epochMilliseconds) : undefined
}
