import { setTimeout as pause } from 'node:timers/promises'
import {
  type Claimed,
  claim,
  complete,
  type DeliveryOutcome,
  postpone,
  secondsToNextTry,
} from '../outbox/outbox.ts'
import { type AlertChannel, type Carried, Delay, type Deps, type Notice, Refused } from './channel.ts'
import { deliverCheckpoint } from './deliver-checkpoint.ts'
import { deliverFinding } from './deliver-finding.ts'
import { deliverReview, readReminder } from './deliver-review.ts'
import { fallBack } from './fall-back.ts'
import { deliverFleet } from './fleet.ts'
import { hasHeard } from './parents.ts'

const longestDelaySeconds = 30
/** Real time after a claim in which a send may still begin: it has to end before the claim does. */
const sendWithinMs = 8_000
/** How many destinations are served at a time. */
const lanes = 6
/**
 * A message whose refusal may pass is tried this often, the last time as text alone: for one and a half minutes, while
 * the messages behind it wait. Failures that are not about the message, such as an outage, do not count.
 */
const maxRefusals = 8

/**
 * Delivers the waiting messages of the outbox, oldest first for each destination, until none may be tried now. With a
 * timeout it also waits, in real time, for retries that fall due within it. Several processes may do this at once.
 * Returns how many messages were delivered.
 */
export async function deliverWaiting(
  world: Deps,
  channel: AlertChannel,
  timeout: { seconds: number } = { seconds: 0 },
): Promise<number> {
  let arrived = await deliverOnce(world, channel)
  for (let left = timeout.seconds; left > 0; ) {
    const seconds = await secondsToNextTry(world.db)
    if (seconds === undefined || seconds > left) break
    await pause(seconds * 1000)
    arrived += await deliverOnce(world, channel)
    left -= Math.max(seconds, 1)
  }
  return arrived
}

async function deliverOnce(world: Deps, channel: AlertChannel): Promise<number> {
  let arrived = 0
  const serve = async () => {
    for (;;) {
      const message = await claim(world.db, world.clock.now())
      if (!message) return
      if (await attempt(world, channel, message)) arrived++
    }
  }
  await Promise.all(Array.from({ length: lanes }, serve))
  return arrived
}

async function attempt(world: Deps, channel: AlertChannel, message: Claimed): Promise<boolean> {
  try {
    const carried = await carriedBy(world, message)
    const outcome = await deliver(world, channel, message, carried)
    return outcome === 'arrived'
  } catch (error) {
    await onFailure(world, message, error)
    return false
  }
}

/** A send must not begin once the claim may have passed to another process. */
async function carriedBy({ db }: Deps, message: Claimed): Promise<Carried> {
  const claimedAt = performance.now()
  return {
    id: message.id,
    mayJoin: !(await hasHeard(db, message.destination)),
    isLate: message.attempts > 2,
    inWords: message.refusals >= maxRefusals - 1,
    before() {
      if (performance.now() - claimedAt > sendWithinMs) throw new Delay(0)
    },
  }
}

async function deliver(
  world: Deps,
  channel: AlertChannel,
  message: Claimed,
  carried: Carried,
): Promise<DeliveryOutcome> {
  if (message.findingId) return deliverFinding(world, channel, message, carried)
  if (message.about === 'checkpoint') return deliverCheckpoint(world, channel, message, carried)
  if (message.about === 'fleet') return deliverFleet(world, channel, message, carried)
  if (message.about === 'review') return deliverReview(world, channel, message, carried)
  const notice = await noticeOf(world, message)
  if (!notice) {
    await complete(world.db, message, 'moot', world.clock.now())
    return 'moot'
  }
  const arrived =
    message.doubtSince && (await channel.find(message.destination, message.id, message.doubtSince, undefined))
  if (!arrived) await channel.say(message.destination, notice, carried)
  await complete(world.db, message, 'arrived', world.clock.now())
  return 'arrived'
}

/** A notice carries its own body, but a reminder shows the questions that are open when it is sent. */
async function noticeOf({ db, clock }: Deps, message: Claimed): Promise<Notice | undefined> {
  if (message.about !== 'review-reminder') return { about: message.about, ...message.body } as Notice
  const asked = await readReminder(db, message, clock.now())
  return asked && { about: 'review-reminder', asked }
}

async function onFailure(world: Deps, message: Claimed, error: unknown): Promise<void> {
  const { db, log } = world
  const refusal = error instanceof Refused ? error.why : undefined
  if (error instanceof Refused && refusal === 'closed') return fallBack(world, message, error.said)
  const counts = refusal === 'other' || refusal === 'missing'
  if (error instanceof Refused && (refusal === 'content' || (counts && message.refusals + 1 >= maxRefusals)))
    return setAside(world, message, error.said)
  const seconds = error instanceof Delay ? error.seconds : backOff(message.attempts)
  const wasRefused = error instanceof Delay || refusal !== undefined
  const about = { message: message.id, destination: message.destination, seconds, error: String(error) }
  if (refusal === 'app')
    log.error(
      { event: 'alert.app_refused', ...about },
      'Slack refuses the app; alerts wait until its token and scopes are fixed',
    )
  else log.warn({ event: 'alert.post_failed', ...about }, 'failed to post an alert; trying again')
  // A doubt from an earlier attempt stays: a refused search says nothing about an earlier send.
  const arrived = wasRefused && message.doubtSince === null ? 'no' : 'unknown'
  await postpone(db, message, seconds, String(error), { arrived, isRefusal: counts })
}

/** Gives up on the message, so that those behind it are delivered. */
async function setAside({ db, clock, log }: Deps, message: Claimed, said: string): Promise<void> {
  const { id, destination, about } = message
  log.error(
    { event: 'alert.set_aside', message: id, destination, about, error: said },
    'Slack refuses an alert for good; it is set aside',
  )
  await complete(db, message, 'refused', clock.now(), said)
}

const backOff = (attempts: number) => Math.min(2 ** Math.min(attempts - 1, 10), longestDelaySeconds)
