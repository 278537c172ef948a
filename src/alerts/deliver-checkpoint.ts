import { type Claimed, type Outcome, settle } from '../outbox/outbox.ts'
import { type AlertChannel, type Carried, type Means, type PostedCheckpoint, Refused } from './channel.ts'
import { findParent, forgetParent, foundAgain, rememberParent } from './parents.ts'

/**
 * Posts a checkpoint: the first of a day as a message, the others of the day as replies to it, so that a channel
 * reads one message a day and an auditor finds every hour. Nothing that was posted is ever edited.
 */
export async function deliverCheckpoint(
  world: Means,
  channel: AlertChannel,
  letter: Claimed,
  carried: Carried,
): Promise<Outcome> {
  const { db, clock } = world
  const day = await findParent(db, letter)
  const notice = { about: 'checkpoint', ...(letter.body as PostedCheckpoint) } as const
  const post = async () =>
    (letter.doubtSince && (await channel.find(letter.destination, letter.id, letter.doubtSince, day))) ||
    (await channel.say(letter.destination, notice, carried, day))
  const posted = await post().catch(async (error) => {
    // Somebody deleted the day's message; the next attempt begins another.
    if (error instanceof Refused && error.why === 'missing') await forgetParent(db, letter)
    throw error
  })
  if (!day) await rememberParent(db, letter, posted, clock.now())
  await settle(db, letter, 'arrived', clock.now())
  await foundAgain(db, letter)
  return 'arrived'
}
