import { type Database, type Executor, transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { isSlackUser, plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { inCharge } from '../members/member.ts'
import { complete } from './claims.ts'
import { type Claimed, copyOf, type OutboxMessage, put } from './outbox.ts'
import { refreshSoon } from './posted-messages.ts'
import type { Reading } from './source.ts'

const maxOwners = 5
/** A lost channel is tried again after so many real seconds, even when there is nothing new to say there. */
const probeSeconds = 60

type Deps = Pick<World, 'db' | 'clock' | 'log' | 'random'>

/**
 * Handles a destination that takes no messages any more. For a channel that was archived or that the bot was removed
 * from, the message goes to the workspace's owners and to those concerned, with one notice to the owners of what to do,
 * until the channel is back; a live message that stands there is edited then. For a person who cannot be messaged, the
 * message ends as unreachable and is logged, and its sender is notified.
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
      .insert({ ...where, since: now, probe_after: inAWhile(trx) })
      .onConflict()
      .ignore()
    await refreshSoon(trx, message.source, [message.subjectId])
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

const inAWhile = (db: Executor) => db.raw('clock_timestamp() + make_interval(secs => ?)', [probeSeconds])

type LostChannel = { workspace_id: string; channel: string }

/** Sends a live message to each lost channel whose time has come, to find out whether it is back. */
export async function probeLostChannels(db: Database): Promise<void> {
  const due: LostChannel[] = await db('lost_channels')
    .whereRaw('probe_after < clock_timestamp()')
    .update({ probe_after: inAWhile(db) })
    .returning(['workspace_id', 'channel'])
  for (const lost of due) await sendBack(db, lost, 1)
}

/** Sends live messages to their channel again that went to people while it was lost, the latest of each subject. */
export async function sendBack(db: Executor, lost: LostChannel, limit = maxSentBack): Promise<void> {
  await db.raw(
    `update outbox set outcome = null, completed_at = null, refusals = 0, retry_after = null, last_error = null
     where seq in (
       select seq from (
         select distinct on (source, subject_id) seq, source, subject_id, destination from outbox
         where workspace_id = :workspace_id and destination = :channel and outcome = 'redirected' and mode = 'live'
         order by source, subject_id, seq desc) as o
       where not exists (
         select from posted_messages p
         where (p.source, p.subject_id, p.destination) = (o.source, o.subject_id, o.destination))
       order by seq limit :limit)`,
    { ...lost, limit },
  )
}

const maxSentBack = 500

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
