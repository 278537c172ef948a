import {
  activityLevel, batchBuckets, batchEcho, batchHighest, batchLowest, batchMore, fewInBucket, fewInHour, hourBuckets, quietAny, quietOutage, quietSame, recurs,
  recursShare, recursWithin, slowEcho, worse,
} from './constants.ts' // biome-ignore format: a list
import { type Reason, reasons, type Suspicion } from './reason.ts'
import { dayIndex, decodeCount } from './rings.ts'
import type { KeyState } from './state.ts'

/** The circumstances that decide beside the score. */
export type BucketContext = {
  count: number
  lastHour: number
  /** The five minutes of the day. */
  ofDay: number
  /** A declared job runs, or this was declared expected. */
  expected: boolean
  /** The score from which a message is sent: 1, unless a workspace wants to hear more or less. */
  threshold: number
}

/** Reasons that a job which runs, or an event that is expected, explains. */
export const aboutVolume: ReadonlySet<Reason> = new Set<Reason>([
  'spike',
  'busy-hour',
  'unusual-time',
  'slow-burn',
  'new-activity',
])

/** Reasons whose score adds up while they last: a higher one is the same incident, not a worse one. */
const grows = new Set(['slow-burn', 'new-activity', 'errors'])

/** Reasons about too little use: a key that falls may be silent soon. */
export const aboutLess: ReadonlySet<Reason> = new Set<Reason>(['fall', 'silence'])

/** Reasons that one incident gives in turn, as its first hour fills: they are quiet together. */
const sameIncident = new Set(['spike', 'busy-hour', 'unusual-time'])

/** Whether this suspicion becomes an alert now. Remembers its alerts and what it holds back. */
export function decide(state: KeyState, suspicion: Suspicion, now: BucketContext): boolean {
  const level = suspicion.reason === 'new-activity' ? activityLevel : 1
  const strange = suspicion.score >= level * now.threshold
  if (now.expected && aboutVolume.has(suspicion.reason)) {
    if (strange) hold(state)
    return false
  }
  if (!strange) return false
  // Its windows are longer than a batch; they wait until the batch has left the shortest.
  if (suspicion.reason === 'slow-burn')
    return !held(state, slowEcho) && !isEcho(state) && alertOnce(state, suspicion)
  if (aboutVolume.has(suspicion.reason) && suspicion.reason !== 'new-activity') {
    if (recurring(state, now)) {
      hold(state)
      return false
    }
    if (mayBeBatch(state, now)) return false
  }
  return aboutLess.has(suspicion.reason) ? alertOutage(state, suspicion) : alertOnce(state, suspicion)
}

/** A busy hour stays in the day's window for another day: after an alert for it there is none for a slow burn. */
function isEcho(state: KeyState): boolean {
  const alertedAt = state.alerted[reasons.indexOf('spike') * 2]!
  return alertedAt > 0 && state.seen - alertedAt < quietSame
}

/** As busy an hour was at this time of day, whole weeks or a month ago; a growing key's has grown since. */
function recurring(state: KeyState, { count, lastHour, ofDay }: BucketContext): boolean {
  // Half an hour of this bucket: at its beginning the last hour does not know yet how busy it will be.
  const busy = recursShare * Math.max(lastHour, 6 * count)
  return recurs.some((back) => {
    const day = state.day - back
    if (day < state.firstDay) return false
    const index = dayIndex(day)
    const apart = Math.abs(state.topHoursAt[index]! - ofDay)
    if (apart > recursWithin) return false
    const then = decodeCount(state.rings.topHours[index]!)
    return then > busy || then * grownSince(state, day) > busy
  })
}

/** How many times busier the days before today are than those after that day, by the median of a week. */
function grownSince(state: KeyState, day: number): number {
  return usualTop(state, state.day - 7) / usualTop(state, day + 1)
}

function usualTop(state: KeyState, first: number): number {
  const tops: number[] = []
  for (let day = first; day < Math.min(first + 7, state.day); day++) {
    const code = state.rings.topHours[dayIndex(day)]!
    if (code > 0) tops.push(code)
  }
  return tops.length ? decodeCount(tops.sort((a, b) => a - b)[tops.length >> 1]!) + fewInHour : fewInHour
}

/** A moderate excess over the busiest hour is held until it has outlasted a batch job; its echo is muted. */
function mayBeBatch(state: KeyState, { count, lastHour }: BucketContext): boolean {
  const overHour = (requests: number) => (requests + fewInHour) / (state.hourRecord + fewInHour)
  const bucketRatio = (count + fewInBucket) / (state.spikeRecord + fewInBucket)
  const level = Math.max(bucketRatio, overHour(lastHour))
  // A batch that ended, declared or held, is still in the last hour and in the windows.
  if (held(state) && bucketRatio < 1) return true
  if (level <= batchLowest) return held(state)
  // A burst of half an hour never fills an hour: the half counts twice.
  if (Math.max(level, overHour(2 * lastHalfHour(state))) >= batchHighest) return false
  hold(state)
  const max = bucketRatio > batchLowest ? batchBuckets : batchBuckets + batchMore
  return state.seen - state.heldSince < max
}

function hold(state: KeyState): void {
  if (state.seen - state.heldLast > 6) state.heldSince = state.seen
  state.heldLast = state.seen
}

function lastHalfHour(state: KeyState): number {
  let sum = 0
  for (let back = 0; back < hourBuckets / 2; back++)
    sum += state.buckets[(state.bucket - back) % hourBuckets]!
  return sum
}

/** Something was held back within the last two hours, or so many buckets. */
export const held = (state: KeyState, within: number = batchEcho): boolean =>
  state.heldLast > 0 && state.seen - state.heldLast <= within

/** One message per reason in three days and per key in one, unless it got much worse. */
function alertOnce(state: KeyState, { reason, score }: Suspicion): boolean {
  const at = reasons.indexOf(sameIncident.has(reason) ? 'spike' : reason) * 2
  const [alertedAt, alertedScore] = [state.alerted[at]!, state.alerted[at + 1]!]
  // How bad it is takes an hour to see: until then it is the same message.
  if (state.alertAt > 0 && state.seen - state.alertAt < hourBuckets) {
    if (alertedAt === state.alertAt) state.alerted[at + 1] = Math.max(alertedScore, score)
    state.alertScore = Math.max(state.alertScore, score)
    return false
  }
  const gotWorse = !grows.has(reason) && score >= alertedScore * worse
  if (alertedAt > 0 && state.seen - alertedAt < quietSame && !gotWorse) return false
  if (state.alertAt > 0 && state.seen - state.alertAt < quietAny && score < state.alertScore * worse)
    return false
  state.alerted[at] = state.seen
  state.alerted[at + 1] = score
  state.alertAt = state.seen
  state.alertScore = score
  return true
}

/** One message per outage: what is strange again after half a day is another, also soon after a message about a rise. */
function alertOutage(state: KeyState, { score }: Suspicion): boolean {
  const at = reasons.indexOf('silence') * 2
  const strangeAt = state.alerted[at]!
  state.alerted[at] = state.seen
  state.alerted[at + 1] = score
  if (strangeAt > 0 && state.seen - strangeAt < quietOutage) return false
  state.alertAt = state.seen
  state.alertScore = score
  return true
}
