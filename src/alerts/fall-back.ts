import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import { inCharge } from '../members/member.ts'
import { type Claimed, type Letter, put, settle } from '../outbox/outbox.ts'
import type { Means } from './channel.ts'

const mostOwners = 5

/**
 * Nothing can be said there any more. A channel that was archived or that the bot was removed from: the letter goes
 * to the owners' direct messages, with one notice of what to do, until the channel is back. A person who cannot be
 * written to: the letter ends, and the log says so.
 */
export async function fallBack(world: Means, letter: Claimed, reason: string): Promise<void> {
  const now = world.clock.now()
  world.log.warn({ letter: letter.id, destination: letter.destination, reason }, 'nobody can be told there')
  const isChannel = letter.destination.startsWith('channel:')
  const done = await transact(world.db, async (trx) => {
    const redirected = await settle(trx, letter, isChannel ? 'redirected' : 'unreachable', now)
    if (!redirected || !isChannel) return
    const where = { workspace_id: letter.workspaceId, channel: letter.destination }
    await trx('lost_channels')
      .insert({ ...where, since: now })
      .onConflict()
      .ignore()
    const { since } = await trx('lost_channels').where(where).first('since')
    const owners = await inCharge(trx, letter.workspaceId, ['owner'], mostOwners)
    const letters = owners.flatMap((owner) => copies(letter, `dm:${owner}`, since, reason))
    await put(trx, letters, now, world.random)
  })
  if (isRefusal(done)) throw new Error(plain(done.told))
}

function copies(letter: Claimed, destination: string, since: Date, reason: string): Letter[] {
  const { workspaceId, subjectId, step, level } = letter
  const isCheckpoint = letter.about === 'checkpoint'
  const channel = letter.destination.slice('channel:'.length)
  const notice = {
    workspaceId,
    destination,
    subjectId: letter.destination,
    step: since.toISOString(),
    about: 'channel-lost',
    body: { channel, reason, ...(isCheckpoint ? { lost: 'checkpoints' } : {}) },
  }
  // Nobody's direct messages are a place for an hourly proof; the file has it, and the next one when it is back.
  if (isCheckpoint) return [notice]
  const same = { workspaceId, destination, subjectId, step, level }
  return [
    notice,
    letter.findingId
      ? { ...same, findingId: letter.findingId, ...(letter.body ? { body: letter.body } : {}) }
      : { ...same, about: letter.about, body: letter.body! },
  ]
}
