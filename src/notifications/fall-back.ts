import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { isSlackUser, plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { inCharge } from '../members/member.ts'
import { copyOf } from './copy.ts'
import { type Claimed, complete, type OutboxMessage, put } from './outbox.ts'
import type { Reading } from './source.ts'

const maxOwners = 5

type Deps = Pick<World, 'db' | 'clock' | 'log' | 'random'>

/**
 * Handles a destination that takes no messages any more. For a channel that was archived or that the bot was removed
 * from, the message goes to the workspace's owners and to those concerned, with one notice to the owners of what to do,
 * until the channel is back. For a person who cannot be messaged, the message ends as unreachable and is logged, and
 * its sender is notified.
 */
export async function fallBack(
  world: Deps,
  message: Claimed,
  reading: Pick<Reading, 'concerned' | 'sender'> | undefined,
  reason: string,
): Promise<void> {
  const now = world.clock.now()
  world.log.warn(
    { event: 'message.channel_lost', message: message.id, destination: message.destination, reason },
    'failed to post a message: its channel or person cannot be reached',
  )
  const isChannel = message.destination.startsWith('channel:')
  const done = await transact(world.db, async (trx) => {
    const redirected = await complete(trx, message, isChannel ? 'redirected' : 'unreachable', now, reason)
    if (!redirected) return
    if (!isChannel) return put(trx, unreachableNotice(message, reading?.sender, reason), now, world.random)
    const where = { workspace_id: message.workspaceId, channel: message.destination }
    await trx('lost_channels')
      .insert({ ...where, since: now })
      .onConflict()
      .ignore()
    const { since } = await trx('lost_channels').where(where).first('since')
    const owners = await inCharge(trx, message.workspaceId, ['owner'], maxOwners)
    const people = [...new Set([...owners, ...(reading?.concerned ?? [])])].filter(isSlackUser)
    // An hourly checkpoint has no place in direct messages; the file holds it, and the channel gets the next one.
    const copies =
      message.source === 'checkpoint' ? [] : people.map((person) => copyOf(message, `dm:${person}`))
    const notices = owners.map((owner) => lossNotice(message, `dm:${owner}`, since, reason))
    return put(trx, [...notices, ...copies], now, world.random)
  })
  if (isRefusal(done)) throw new Error(plain(done.message))
}

const lossNotice = (message: Claimed, destination: string, since: Date, reason: string): OutboxMessage => ({
  workspaceId: message.workspaceId,
  source: 'channel-lost',
  subjectId: message.destination,
  step: since.toISOString(),
  mode: 'once',
  destination,
  body: {
    channel: message.destination.slice('channel:'.length),
    reason,
    ...(message.source === 'checkpoint' ? { lost: 'checkpoints' } : {}),
  },
})

function unreachableNotice(
  { workspaceId, source, subjectId, itemId, step, destination }: Claimed,
  sender: string | undefined,
  reason: string,
): OutboxMessage[] {
  const [, person] = /^dm:(.+)$/.exec(destination) ?? []
  if (!person || !sender || !isSlackUser(sender) || sender === person) return []
  return [
    {
      workspaceId,
      source: 'unreachable',
      subjectId,
      itemId,
      step: `${source} ${step} ${person}`,
      mode: 'once',
      destination: `dm:${sender}`,
      body: { person, what: source, reason },
    },
  ]
}
