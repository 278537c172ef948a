import { type Claimed, complete, type DeliveryOutcome } from '../outbox/outbox.ts'
import { type AlertChannel, type Carried, type Deps, type PostedCheckpoint, Refused } from './channel.ts'
import { findParent, forgetParent, foundAgain, rememberParent } from './parents.ts'

/**
 * Posts a checkpoint: the first of a day as a message, the others of the day as replies to it, so that a channel
 * reads one message a day and an auditor finds every hour. Nothing that was posted is ever edited.
 */
export async function deliverCheckpoint(
  world: Deps,
  channel: AlertChannel,
  message: Claimed,
  carried: Carried,
): Promise<DeliveryOutcome> {
  const { db, clock } = world
  const day = await findParent(db, message)
  const notice = { about: 'checkpoint', ...(message.body as PostedCheckpoint) } as const
  const post = async () =>
    (message.doubtSince && (await channel.find(message.destination, message.id, message.doubtSince, day))) ||
    (await channel.say(message.destination, notice, carried, day))
  const posted = await post().catch(async (error) => {
    // The day's message was deleted; the next attempt posts another.
    if (error instanceof Refused && error.why === 'missing') await forgetParent(db, message)
    throw error
  })
  if (!day) await rememberParent(db, message, posted, clock.now())
  await complete(db, message, 'arrived', clock.now())
  await foundAgain(db, message)
  return 'arrived'
}
