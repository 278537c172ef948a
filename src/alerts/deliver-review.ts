import type { Executor } from '../foundation/database.ts'
import { type Claimed, complete, type DeliveryOutcome } from '../outbox/outbox.ts'
import { readAsked } from '../reviews/keys-asked.ts'
import { readProgress } from '../reviews/progress.ts'
import { type AlertChannel, type Carried, type Deps, type Parent, Refused } from './channel.ts'
import { findParent, forgetParent, foundAgain, hasMoreComing, rememberParent } from './parents.ts'

/**
 * Posts a message of a review or brings it up to date: the questions to an owner, the progress to those who manage the
 * workspace. An update is moot when its message was never posted.
 */
export async function deliverReview(
  world: Deps,
  channel: AlertChannel,
  message: Claimed,
  carried: Carried,
): Promise<DeliveryOutcome> {
  const { db, clock } = world
  const posted = await findParent(db, message)
  const begins = message.step === 'begun' || message.step === 'asked'
  const parent = posted || begins ? await read(db, message, clock.now()) : undefined
  const outcome = parent ? 'arrived' : 'moot'
  if (parent && posted) {
    if (!(await hasMoreComing(db, message))) await edit()
  } else if (parent) {
    const posted =
      (message.doubtSince &&
        (await channel.find(message.destination, message.id, message.doubtSince, undefined))) ||
      (await channel.post(message.destination, parent, [], carried))
    await rememberParent(db, message, posted, clock.now())
    await foundAgain(db, message)
  }
  await complete(db, message, outcome, clock.now())
  return outcome

  /** If the message was deleted, its questions stay open and /keys review shows them. */
  async function edit(): Promise<void> {
    await channel.edit(posted!, parent!, message.destination).catch(async (error) => {
      if (!(error instanceof Refused) || error.why !== 'missing') throw error
      await forgetParent(db, message)
    })
  }
}

async function read(db: Executor, message: Claimed, now: Date): Promise<Parent | undefined> {
  const owner = message.body?.owner
  if (typeof owner !== 'string') {
    const progress = await readProgress(db, message.subjectId, now)
    return progress && { progress }
  }
  const asked = await readAsked(db, message.subjectId, owner, now)
  return asked && { asked }
}

/** The questions of a reminder that is due; undefined when none is open any more. */
export async function readReminder(db: Executor, message: Claimed, now: Date) {
  const asked = await readAsked(db, message.subjectId, String(message.body?.owner), now)
  return asked && asked.counts.open > 0 && !asked.review.endedAt ? asked : undefined
}
