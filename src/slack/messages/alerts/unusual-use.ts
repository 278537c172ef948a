import type { Alert } from '../../../alerts/alert.ts'
import { aboutLess } from '../../../anomaly/detector/decide.ts'
import type { Reason } from '../../../anomaly/detector/reason.ts'
import type { UseFacts } from '../../../anomaly/facts.ts'
import { type Phrase, say, who } from '../../../foundation/words.ts'
import { count } from '../keys/key.ts'

/** The facts of an alert about unusual use, as the finding stores them. */
export const useFacts = (alert: Alert): UseFacts & { beganAt: string } & Quarantined =>
  alert.facts as UseFacts & { beganAt: string } & Quarantined

type Quarantined = { quarantinedBy?: string; quarantinedAt?: string }

/** Describes the unusual use in a sentence with numbers, and where it came from when that is new. */
export function useWords(alert: Alert, step = alert.step): Phrase {
  const facts = useFacts(alert)
  const name = { name: alert.key.name }
  const what = sentences[facts.reason](facts)
  const from = origin(facts, alert.timeZone)
  const strange =
    facts.severity === 'critical'
      ? say`${name} may have leaked: ${what}${from}`
      : say`${name}: ${what}${from}`
  if (step !== 'quarantined' || !facts.quarantinedBy) return strange
  const at = { moment: new Date(facts.quarantinedAt!) }
  return say`${name} is in quarantine: ${who(facts.quarantinedBy)} deactivated it on ${at}. Before that: ${what}${from}`
}

/** The sentence after the key's name and a colon. */
const sentences: Record<Reason, (facts: UseFacts) => Phrase> = {
  spike: ({ figures: f }) =>
    say`${count(f.count, 'request')} in five minutes, ${times(f.count, f.busiestBucket, `its busiest five minutes in ${count(f.days, 'day')}`)}.`,
  'busy-hour': ({ figures: f }) =>
    say`${count(f.lastHour, 'request')} in an hour, ${times(f.lastHour, f.busiestHour, `its busiest hour in ${count(f.days, 'day')}`)}.`,
  'unusual-time': ({ figures: f }) =>
    say`${count(f.lastHour, 'request')} in an hour; at this time of day it had ${atMost(f.busiestComparable)} in the last two weeks.`,
  'slow-burn'({ figures: f, window: w }) {
    if (!w) return say`${count(f.lastHour, 'request')} in an hour, and more than usual for many hours.`
    return say`${count(w.requests, 'request')} in ${w.hours} hours, ${times(w.requests, w.max, 'the most it had in the same hours of the last two weeks')}.`
  },
  'new-activity'({ figures: f }) {
    const now = say`busy for ${duration(f.busyMinutes)}, with ${count(f.lastHour, 'request')} in the last hour`
    if (f.busyMinutes <= f.usuallyBusyMinutes) return say`${now}; its bursts look different.`
    return say`${now}; usually that lasts ${duration(f.usuallyBusyMinutes)}.`
  },
  errors: ({ figures: f, failed }) =>
    say`${percent(failed, f.lastHour)} of ${count(f.lastHour, 'request')} in an hour failed; usually ${percent(f.usuallyFailed, 1)} do.`,
  fall: ({ figures: f }) =>
    say`only ${count(f.lastQuarter, 'request')} in a quarter of an hour; at this time of day it had at least ${f.leastComparable} in the last two weeks.`,
  silence: ({ figures: f }) =>
    say`no request for ${duration(f.silentMinutes)}; in that time it usually has ${f.missing} or more.`,
  'new-network'({ figures: f, source: s }) {
    if (!s) return say`used from where it never was before, with ${count(f.lastHour, 'request')} in an hour.`
    const usual =
      s.usual < 1 ? 'it usually has none' : `it usually has ${count(Math.round(s.usual), 'request')}`
    return say`${count(s.requests, 'request')} in ${seconds(s.seconds)} from ${{ code: s.network }} by the client ${{ code: s.client }}, which it was never used from or by before; in that time ${usual}.`
  },
  person: ({ source: s }) =>
    s
      ? say`somebody seems to use it by hand: ${count(s.requests, 'request')} by the client ${{ code: s.client }} from ${{ code: s.network }}. Until now only services used it.`
      : say`somebody seems to use it by hand.`,
  probing: ({ refusedScope }) =>
    say`refused ${count(refusedScope, 'time')} in an hour for a missing scope; someone is trying actions this key does not allow.`,
}

/** "3.1 times its busiest hour"; without a multiple when that hour had none. */
function times(now: number, before: number, what: string): string {
  if (before < 1) return `where ${what} had none`
  const ratio = now / before
  return `${ratio >= 10 ? Math.round(ratio).toLocaleString('en-US') : ratio.toFixed(1)} × ${what}`
}

const atMost = (requests: number): string => (requests < 1 ? 'none' : `at most ${count(requests, 'request')}`)

function origin({ newSource, source, reason, at }: UseFacts, timeZone: string): Phrase {
  if (!newSource || source || aboutLess.has(reason)) return []
  const { kind, name, share, firstAt } = newSource
  const where = kind === 'network' ? 'from' : 'by the client'
  // Sources are counted by the hour, and that hour may begin before the first request, so only the day is shown.
  const dayOf = (iso: string) => new Date(iso).toLocaleDateString('en-CA', { timeZone })
  const seen = dayOf(firstAt) === dayOf(at) ? ['today'] : say`on ${{ day: new Date(firstAt) }}`
  return say` ${percent(Math.min(1, share), 1)} ${where} ${{ code: name }}, first seen ${seen}.`
}

/** A percentage: "92 %", "0.4 %"; 0 % and 100 % only for exactly none and all. */
export function percent(part: number, whole: number): string {
  const share = whole > 0 ? (100 * part) / whole : 0
  if (share > 99 && share < 100) return `${(Math.floor(share * 10) / 10).toFixed(1)}%`
  return `${share > 0 && share < 1 ? share.toFixed(1) : Math.round(share)}%`
}

const seconds = (length: number): string =>
  length < 120 ? count(Math.max(1, Math.round(length)), 'second') : duration(length / 60)

/** A duration in words: "45 minutes", "2 h 10 min", "3 days". */
export function duration(minutes: number): string {
  if (minutes < 120) return count(Math.round(minutes), 'minute')
  if (minutes >= 3 * 1440) return count(Math.round(minutes / 1440), 'day')
  const rest = Math.round(minutes % 60)
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ''}`
}
