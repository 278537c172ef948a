import { burst } from './bursts.ts'
import { forgetDays, forgetHours, forgetRecent, type Moment, momentOf } from './calendar.ts'
import { bucketSeconds, hourBuckets, hourDays } from './constants.ts'
import { decide, held } from './decide.ts'
import { errors } from './errors.ts'
import { type Evidence, weigh } from './evidence.ts'
import { closeFallDay, fall, openFallDay } from './fall.ts'
import { comparable, hourIndex } from './hours.ts'
import { ofLevel } from './margins.ts'
import { learnRatio, lowestRatio } from './ratio-records.ts'
import { calibrated, type Reason, type Suspicion, stronger } from './reason.ts'
import { encodeCount } from './rings.ts'
import { closeRunDay, closeRunHour, openRunDay, run } from './run.ts'
import { closeSilenceDay, openSilenceDay, silence } from './silence.ts'
import { closeSlowDay, openSlowDay, slowBurn } from './slow-burn.ts'
import { closeSpikeDay, openSpikeDay, spike } from './spike.ts'
import type { KeyState } from './state.ts'
import { closeUnusualDay, excess, hourCeiling, openUnusualDay, unusual, unusualRatios } from './unusual.ts'

/** Five minutes of one key. */
export type Bucket = {
  /** Its start, seconds since 1970. */
  at: number
  count: number
  errors: number
  /** Seconds by which the workspace's clock is ahead of UTC now. */
  offsetSeconds: number
  /** A declared job runs now, or the event was called expected. */
  expected: boolean
  evidence?: Evidence
}

/** The detector's reading of a bucket: its strongest suspicion (1 and more is strange), and whether to alert. */
export type Reading = { reason: Reason; score: number; alert: boolean }

/**
 * One step of one key, in time order; changes the state and looks at nothing else. A bucket that is not newer than the
 * last one is late: it changes nothing and has no reading. Buckets left out are a gap of which nothing is known; a key
 * without traffic is stepped with zeros (`stepSilence`).
 */
export function step(state: KeyState, bucket: Bucket, threshold = 1): Reading | undefined {
  const now = momentOf(bucket.at, bucket.offsetSeconds)
  if (state.seen === 0) begin(state, now)
  else if (now.bucket <= state.bucket) return undefined
  else if (now.bucket > state.bucket + 1) forgetRecent(state)
  let strongest = calibrated({ reason: 'slow-burn', score: turnCalendar(state, now) })
  state.bucket = now.bucket
  const { count } = bucket
  const lastHour = addBucket(state, count)
  const all = suspicions(state, bucket, lastHour)
  for (const suspicion of all) strongest = stronger(strongest, calibrated(suspicion))
  strongest = plainest(strongest, all)
  remember(state, count, lastHour, now)
  const alert = decide(state, strongest, {
    count,
    lastHour,
    ofDay: now.ofDay,
    expected: bucket.expected,
    threshold,
  })
  return { reason: strongest.reason, score: strongest.score, alert }
}

/** Steps a key through time in which it had no requests, at most as far back as single hours are kept. */
export function stepSilence(state: KeyState, from: number, to: number, offsetSeconds: number): void {
  const start = Math.max(from, to - hourDays * 86400)
  for (let at = start; at < to; at += bucketSeconds)
    step(state, { at, count: 0, errors: 0, offsetSeconds, expected: false })
}

function begin(state: KeyState, now: Moment): void {
  state.firstDay = now.day
  state.day = now.day
  state.hour = now.hour
  state.comparableHigh = -1
  state.topUnusual = lowestRatio
  state.topSlow6 = lowestRatio
  state.topSlow12 = lowestRatio
  state.topSlow24 = lowestRatio
  state.topFall = lowestRatio
  openDay(state)
}

/** Closes the hour and the day that have ended; the slow burn speaks at the end of an hour. */
function turnCalendar(state: KeyState, now: Moment): number {
  if (now.hour === state.hour) return 0
  const score = closeHour(state)
  forgetHours(state, state.hour + 1, now.hour)
  state.hour = now.hour
  if (now.day > state.day) {
    closeSpikeDay(state)
    closeUnusualDay(state)
    closeSlowDay(state)
    closeRunDay(state)
    closeSilenceDay(state)
    closeFallDay(state)
    forgetDays(state, state.day + 1, now.day)
    state.day = now.day
    openDay(state)
  }
  const { high, low } = comparable(state, now.hour)
  state.comparableHigh = high
  state.comparableLow = low
  return score
}

function openDay(state: KeyState): void {
  openSpikeDay(state)
  openUnusualDay(state)
  openSlowDay(state)
  openRunDay(state)
  openSilenceDay(state)
  openFallDay(state)
}

/** An hour seen less than half is unknown; another is taken as if it had gone on like this. */
function closeHour(state: KeyState): number {
  const enough = state.hourSeen * 2 >= hourBuckets
  const sum = enough ? (state.hourSum * hourBuckets) / state.hourSeen : 0
  state.hours[hourIndex(state.hour)] = enough ? encodeCount(Math.min(sum, hourCeiling(state))) : 0
  const whole = state.hourSeen === hourBuckets
  state.hourSum = 0
  state.hourSeen = 0
  if (whole) closeRunHour(state, state.hour)
  return enough ? ofLevel(state, slowBurn(state, state.hour, sum, !held(state))) : 0
}

/** Adds a bucket; returns the requests of the last sixty minutes. */
function addBucket(state: KeyState, count: number): number {
  state.buckets[state.bucket % hourBuckets] = count
  state.seen++
  state.unbroken++
  state.hourSum += count
  state.hourSeen++
  let sum = 0
  for (const past of state.buckets) sum += past
  return sum
}

function suspicions(
  state: KeyState,
  { count, errors: failed, evidence }: Bucket,
  lastHour: number,
): Suspicion[] {
  const all: Suspicion[] = [
    { reason: 'spike', score: ofLevel(state, spike(state, count)) },
    {
      reason: lastHour > state.hourRecord ? 'busy-hour' : 'unusual-time',
      score: ofLevel(state, unusual(state, lastHour)),
    },
    { reason: 'new-activity', score: Math.max(burst(state, count), run(state, count)) },
    { reason: 'errors', score: errors(state, count, failed) },
    { reason: 'silence', score: silence(state, count) },
    { reason: 'fall', score: fall(state, count) },
  ]
  return evidence ? [...all, weigh(evidence)] : all
}

/**
 * Five minutes that are strange by themselves make their hour strange too, by a margin that may be narrower. They are
 * what happened, so they are the reason that is given: the same incident, as strange, with the plainer numbers.
 */
function plainest(strongest: Suspicion, all: readonly Suspicion[]): Suspicion {
  const isOfHour = strongest.reason === 'busy-hour' || strongest.reason === 'unusual-time'
  const isSpike = all.some(({ reason, score }) => reason === 'spike' && score >= 1)
  return isOfHour && isSpike ? { reason: 'spike', score: strongest.score } : strongest
}

/** Keeps today's records. A batch job that is held back is no habit. */
function remember(state: KeyState, count: number, lastHour: number, now: Moment): void {
  if (count > state.topBucket) state.topBucket = count
  if (state.seen < hourBuckets) return
  if (lastHour > state.topHour) {
    state.topHour = lastHour
    state.topHourAt = now.ofDay
  }
  if (state.comparableHigh >= 0 && !held(state)) learnRatio(state, unusualRatios, excess(state, lastHour))
}
