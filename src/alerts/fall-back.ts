import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import { inCharge } from '../members/member.ts'
import { type Claimed, complete, type OutboxMessage, put } from '../outbox/outbox.ts'
import type { Deps } from './channel.ts'

const maxOwners = 5

/**
 * Handles a destination that takes no messages any more. For a channel that was archived or that the bot was removed
 * from, the message goes to the owners' direct messages, with one notice of what to do, until the channel is back. For
 * a person who cannot be messaged, the message ends as unreachable and is logged.
 */
export async function fallBack(world: Deps, message: Claimed, reason: string): Promise<void> {
  const now = world.clock.now()
  world.log.warn(
    { event: 'alert.channel_lost', message: message.id, destination: message.destination, reason },
    'failed to post a message: its channel or person cannot be reached',
  )
  const isChannel = message.destination.startsWith('channel:')
  const done = await transact(world.db, async (trx) => {
    const redirected = await complete(trx, message, isChannel ? 'redirected' : 'unreachable', now)
    if (!redirected || !isChannel) return
    const where = { workspace_id: message.workspaceId, channel: message.destination }
    await trx('lost_channels')
      .insert({ ...where, since: now })
      .onConflict()
      .ignore()
    const { since } = await trx('lost_channels').where(where).first('since')
    const owners = await inCharge(trx, message.workspaceId, ['owner'], maxOwners)
    const messages = owners.flatMap((owner) => copies(message, `dm:${owner}`, since, reason))
    await put(trx, messages, now, world.random)
  })
  if (isRefusal(done)) throw new Error(plain(done.message))
}

function copies(message: Claimed, destination: string, since: Date, reason: string): OutboxMessage[] {
  const { workspaceId, subjectId, step, level } = message
  const isCheckpoint = message.about === 'checkpoint'
  const channel = message.destination.slice('channel:'.length)
  const notice = {
    workspaceId,
    destination,
    subjectId: message.destination,
    step: since.toISOString(),
    about: 'channel-lost',
    body: { channel, reason, ...(isCheckpoint ? { lost: 'checkpoints' } : {}) },
  }
  // An hourly checkpoint has no place in direct messages; the file holds it, and the channel gets the next one.
  if (isCheckpoint) return [notice]
  const same = { workspaceId, destination, subjectId, step, level }
  return [
    notice,
    message.findingId
      ? { ...same, findingId: message.findingId, ...(message.body ? { body: message.body } : {}) }
      : { ...same, about: message.about, body: message.body! },
  ]
}
