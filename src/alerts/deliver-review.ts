import type { Executor } from '../foundation/database.ts'
import { type Claimed, type Outcome, settle } from '../outbox/outbox.ts'
import { readAsked } from '../reviews/keys-asked.ts'
import { readProgress } from '../reviews/progress.ts'
import { type AlertChannel, type Carried, type Means, type Parent, Refused } from './channel.ts'
import { findParent, forgetParent, foundAgain, hasMoreComing, rememberParent } from './parents.ts'

/**
 * Brings a message of a review up to date, or posts it: to an owner what they are asked, to those who manage how it
 * goes. What only changes a message that never came, or came to nobody, is moot.
 */
export async function deliverReview(
  world: Means,
  channel: AlertChannel,
  letter: Claimed,
  carried: Carried,
): Promise<Outcome> {
  const { db, clock } = world
  const standing = await findParent(db, letter)
  const begins = letter.step === 'begun' || letter.step === 'asked'
  const parent = standing || begins ? await read(db, letter, clock.now()) : undefined
  const outcome = parent ? 'arrived' : 'moot'
  if (parent && standing) {
    if (!(await hasMoreComing(db, letter))) await edit()
  } else if (parent) {
    const posted =
      (letter.doubtSince &&
        (await channel.find(letter.destination, letter.id, letter.doubtSince, undefined))) ||
      (await channel.post(letter.destination, parent, [], carried))
    await rememberParent(db, letter, posted, clock.now())
    await foundAgain(db, letter)
  }
  await settle(db, letter, outcome, clock.now())
  return outcome

  /** Somebody deleted the message: what it asked stays open, and /keys review shows it. */
  async function edit(): Promise<void> {
    await channel.edit(standing!, parent!, letter.destination).catch(async (error) => {
      if (!(error instanceof Refused) || error.why !== 'missing') throw error
      await forgetParent(db, letter)
    })
  }
}

async function read(db: Executor, letter: Claimed, now: Date): Promise<Parent | undefined> {
  const owner = letter.body?.owner
  if (typeof owner !== 'string') {
    const progress = await readProgress(db, letter.subjectId, now)
    return progress && { progress }
  }
  const asked = await readAsked(db, letter.subjectId, owner, now)
  return asked && { asked }
}

/** What a reminder says when its time has come; undefined when nothing is open any more. */
export async function readReminder(db: Executor, letter: Claimed, now: Date) {
  const asked = await readAsked(db, letter.subjectId, String(letter.body?.owner), now)
  return asked && asked.counts.open > 0 && !asked.review.endedAt ? asked : undefined
}
