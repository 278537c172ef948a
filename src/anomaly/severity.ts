import { aboutLess } from './detector/decide.ts'
import type { Figures } from './detector/explain.ts'
import type { Reason } from './detector/reason.ts'

export type Severity = 'notice' | 'warning' | 'critical'

/** Requests of the last hour, and the share of them that came from networks or clients never seen before. */
const newShare = 0.5
/** A new source alone, of which so little is known, must not end a key by itself. */
const fewestNew = 20
/** Without that knowledge: so many times the busiest hour that no customer's good day explains it. */
const timesBusiest = 10
const fewestRequests = 100

const rises = new Set<Reason>(['spike', 'busy-hour', 'unusual-time', 'slow-burn', 'new-activity', 'probing'])

/**
 * `critical` is what a leaked key looks like: more use than usual (or probing) and most of it from where this key was
 * never used before, or ten times its busiest hour. A move to a new network alone is no leak: then the old one
 * falls silent and the sum stays as it was. A source that is new altogether was judged against that already.
 */
export function severityOf(
  reason: Reason,
  { lastHour, count, busiestHour }: Figures,
  fromNew: number,
): Severity {
  if (reason === 'new-network') return fromNew >= fewestNew ? 'critical' : 'warning'
  if (!rises.has(reason)) return 'warning'
  const requests = Math.max(lastHour, count)
  if (isMostly(fromNew, requests)) return 'critical'
  return requests >= Math.max(fewestRequests, timesBusiest * busiestHour) ? 'critical' : 'warning'
}

const isMostly = (fromNew: number, requests: number): boolean => fromNew > 0 && fromNew >= newShare * requests

/**
 * Whether a key's use is an incident of its own, also when others are busy at the same time: it looks like a leak, or most
 * of it comes from networks or clients never seen before. No fleet event may hide that: a thief can make other keys busy. Five minutes that are strange by themselves are judged by themselves, as an hour takes long to fill.
 */
export function standsAlone(reason: Reason, figures: Figures, fromNew: number): boolean {
  if (reason === 'person' || aboutLess.has(reason)) return false
  if (reason === 'new-network' || severityOf(reason, figures, fromNew) === 'critical') return true
  const { count, lastHour } = figures
  return isMostly(fromNew, reason === 'spike' ? count : Math.max(lastHour, count))
}

/** How many times its busiest five minutes, or its busiest hour, a key was used. */
export const factorOf = ({ count, busiestBucket, lastHour, busiestHour }: Figures): number =>
  Math.max(count / Math.max(1, busiestBucket), lastHour / Math.max(1, busiestHour))
