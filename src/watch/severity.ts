import type { Figures } from '../usage/anomaly/explain.ts'
import type { Reason } from '../usage/anomaly/reason.ts'

export type Severity = 'notice' | 'warning' | 'critical'

/** Requests of the last hour, and the share of them that came from networks or clients never seen before. */
const newShare = 0.5
/** Without that knowledge: so many times the busiest hour that no customer's good day explains it. */
const timesBusiest = 10
const fewestRequests = 100

const rises = new Set<Reason>([
  'spike',
  'busy-hour',
  'unusual-time',
  'slow-burn',
  'new-activity',
  'new-network',
  'probing',
])

/**
 * `critical` is what a leaked key looks like: more use than usual (or doors being tried) and most of it from where this
 * key was never used before, or ten times its busiest hour. A move to a new network alone is no leak: then the old one
 * falls silent and the sum stays as it was.
 */
export function severityOf(
  reason: Reason,
  { lastHour, count, busiestHour }: Figures,
  fromNew: number,
): Severity {
  if (!rises.has(reason)) return 'warning'
  const requests = Math.max(lastHour, count)
  const isStrange = reason !== 'new-network' || requests > busiestHour
  if (isStrange && fromNew >= newShare * requests && fromNew > 0) return 'critical'
  return requests >= Math.max(fewestRequests, timesBusiest * busiestHour) ? 'critical' : 'warning'
}
