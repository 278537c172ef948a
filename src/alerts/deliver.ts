import { setTimeout as pause } from 'node:timers/promises'
import { type Claimed, claim, type Outcome, postpone, secondsToNextTry, settle } from '../outbox/outbox.ts'
import { type AlertChannel, type Carried, Delay, type Means, type Notice, Refused } from './channel.ts'
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
 * A refusal of which nobody knows whether it lasts is tried so often, the last time in words alone: one and a half
 * minutes, in which those behind it wait. What says nothing about the message, such as an outage, does not count.
 */
const mostRefusals = 8

/**
 * Delivers what waits in the outbox, oldest first for each destination, until nothing is left that may be tried
 * now; with patience, also what may be tried again within those seconds of real time. Several processes may do this
 * at once. Returns how many letters arrived.
 */
export async function deliverWaiting(
  world: Means,
  channel: AlertChannel,
  patience: { seconds: number } = { seconds: 0 },
): Promise<number> {
  let arrived = await deliverOnce(world, channel)
  for (let left = patience.seconds; left > 0; ) {
    const seconds = await secondsToNextTry(world.db)
    if (seconds === undefined || seconds > left) break
    await pause(seconds * 1000)
    arrived += await deliverOnce(world, channel)
    left -= Math.max(seconds, 1)
  }
  return arrived
}

async function deliverOnce(world: Means, channel: AlertChannel): Promise<number> {
  let arrived = 0
  const serve = async () => {
    for (;;) {
      const letter = await claim(world.db, world.clock.now())
      if (!letter) return
      if (await attempt(world, channel, letter)) arrived++
    }
  }
  await Promise.all(Array.from({ length: lanes }, serve))
  return arrived
}

async function attempt(world: Means, channel: AlertChannel, letter: Claimed): Promise<boolean> {
  try {
    const carried = await carriedBy(world, letter)
    const outcome = await deliver(world, channel, letter, carried)
    return outcome === 'arrived'
  } catch (error) {
    await onFailure(world, letter, error)
    return false
  }
}

/** A send that would begin too late must not begin: somebody else may hold the claim by then. */
async function carriedBy({ db }: Means, letter: Claimed): Promise<Carried> {
  const claimedAt = performance.now()
  return {
    id: letter.id,
    mayJoin: !(await hasHeard(db, letter.destination)),
    isLate: letter.attempts > 2,
    inWords: letter.refusals >= mostRefusals - 1,
    before() {
      if (performance.now() - claimedAt > sendWithinMs) throw new Delay(0)
    },
  }
}

async function deliver(
  world: Means,
  channel: AlertChannel,
  letter: Claimed,
  carried: Carried,
): Promise<Outcome> {
  if (letter.findingId) return deliverFinding(world, channel, letter, carried)
  if (letter.about === 'checkpoint') return deliverCheckpoint(world, channel, letter, carried)
  if (letter.about === 'fleet') return deliverFleet(world, channel, letter, carried)
  if (letter.about === 'review') return deliverReview(world, channel, letter, carried)
  const notice = await noticeOf(world, letter)
  if (!notice) {
    await settle(world.db, letter, 'moot', world.clock.now())
    return 'moot'
  }
  const arrived =
    letter.doubtSince && (await channel.find(letter.destination, letter.id, letter.doubtSince, undefined))
  if (!arrived) await channel.say(letter.destination, notice, carried)
  await settle(world.db, letter, 'arrived', world.clock.now())
  return 'arrived'
}

/** A notice carries its own words, but a reminder says how things stand when it is read. */
async function noticeOf({ db, clock }: Means, letter: Claimed): Promise<Notice | undefined> {
  if (letter.about !== 'review-reminder') return { about: letter.about, ...letter.body } as Notice
  const asked = await readReminder(db, letter, clock.now())
  return asked && { about: 'review-reminder', asked }
}

async function onFailure(world: Means, letter: Claimed, error: unknown): Promise<void> {
  const { db, log } = world
  const refusal = error instanceof Refused ? error.why : undefined
  if (error instanceof Refused && refusal === 'closed') return fallBack(world, letter, error.said)
  const counts = refusal === 'other' || refusal === 'missing'
  if (error instanceof Refused && (refusal === 'content' || (counts && letter.refusals + 1 >= mostRefusals)))
    return setAside(world, letter, error.said)
  const seconds = error instanceof Delay ? error.seconds : backOff(letter.attempts)
  const wasRefused = error instanceof Delay || refusal !== undefined
  const about = { letter: letter.id, destination: letter.destination, seconds, error: String(error) }
  if (refusal === 'app')
    log.error(about, 'Slack refuses the whole app; alerts wait until its token and scopes are put right')
  else log.warn(about, 'an alert did not arrive yet')
  // What was in doubt before this attempt stays so: a refused look says nothing about an earlier send.
  const arrived = wasRefused && letter.doubtSince === null ? 'no' : 'unknown'
  await postpone(db, letter, seconds, String(error), { arrived, isRefusal: counts })
}

/** Nobody will read it; those behind it have their turn. */
async function setAside({ db, clock, log }: Means, letter: Claimed, said: string): Promise<void> {
  const { id, destination, about } = letter
  log.error(
    { letter: id, destination, about, error: said },
    'Slack refused an alert for good; it is set aside',
  )
  await settle(db, letter, 'refused', clock.now(), said)
}

const backOff = (attempts: number) => Math.min(2 ** Math.min(attempts - 1, 10), longestDelaySeconds)
