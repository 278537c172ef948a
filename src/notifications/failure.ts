import { Delay, Refused } from './channel.ts'
import { complete, pauseDestination, postpone } from './claims.ts'
import { fallBack } from './fall-back.ts'
import type { Claimed } from './outbox.ts'
import type { Messenger } from './refresh.ts'
import type { Reading } from './source.ts'

const longestDelaySeconds = 30
/**
 * A message whose refusal may pass is tried this often, the last time as text alone: for one and a half minutes.
 * Failures that are not about the message, such as an outage, do not count.
 */
export const maxRefusals = 8

/** Records why an attempt failed, and with it when the message is tried again, where it goes instead, or that it has failed. */
export async function recordFailure(
  messenger: Messenger,
  message: Claimed,
  reading: Reading | undefined,
  error: unknown,
): Promise<void> {
  const { db, clock, log } = messenger.world
  const refusal = error instanceof Refused ? error : undefined
  if (refusal?.why === 'over') return void (await complete(db, message, 'moot', clock.now(), refusal.said))
  if (refusal?.why === 'closed') return fallBack(messenger.world, message, reading, refusal.said)
  const counts = refusal?.why === 'other' || refusal?.why === 'missing'
  const isFinal = refusal?.why === 'content' || (counts && message.refusals + 1 >= maxRefusals)
  if (refusal && isFinal) return setAside(messenger.world, message, refusal.said)
  const delay = error instanceof Delay ? error : undefined
  const seconds = delay?.seconds ?? backOff(message.attempts)
  const about = { message: message.id, destination: message.destination, seconds, error: String(error) }
  if (refusal?.why === 'app')
    log.error(
      { event: 'message.app_refused', ...about },
      'Slack refuses the app; messages wait until its token and scopes are fixed',
    )
  else log.warn({ event: 'message.delayed', ...about }, 'failed to send a message; trying again')
  const isPaused = delay?.of === 'destination'
  if (isPaused) await pauseDestination(db, message.destination, seconds)
  // A doubt from an earlier attempt stays: a refused search says nothing about an earlier send.
  const isKnown = (delay || refusal) && message.doubtSince === null
  // The pause holds it: with an end of its own, a moment after that of the pause, the next message would pass it.
  await postpone(db, message, isPaused ? 0 : seconds, String(error), {
    arrived: isKnown ? 'no' : 'unknown',
    isRefusal: counts,
  })
}

/** Gives up on the message until somebody sends it again. */
async function setAside(
  { db, clock, log }: Messenger['world'],
  message: Claimed,
  said: string,
): Promise<void> {
  const { id, destination, source } = message
  log.error(
    { event: 'message.failed', message: id, destination, about: source, error: said },
    'Slack refuses a message for good; it is set aside',
  )
  await complete(db, message, 'failed', clock.now(), said)
}

const backOff = (attempts: number) => Math.min(2 ** Math.min(attempts - 1, 10), longestDelaySeconds)
