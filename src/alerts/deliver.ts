import type { Executor } from '../foundation/database.ts'
import type { World } from '../foundation/world.ts'
import { type Claimed, claim, postpone, settle } from '../outbox/outbox.ts'
import { type Alert, type AlertChannel, Delay, type Posted } from './channel.ts'

const longestDelaySeconds = 60

/**
 * Delivers what waits in the outbox, oldest first, until nothing is left that may be tried now. Several processes
 * may do this at once. Returns how many letters arrived.
 */
export async function deliverWaiting(
  world: Pick<World, 'db' | 'clock' | 'log'>,
  channel: AlertChannel,
): Promise<number> {
  let arrived = 0
  for (let letter = await claim(world.db); letter; letter = await claim(world.db)) {
    try {
      await deliver(world, channel, letter)
      await settle(world.db, letter.id, world.clock.now())
      arrived++
    } catch (error) {
      const seconds = error instanceof Delay ? error.seconds : backOff(letter.attempts)
      world.log.warn({ letter: letter.id, seconds, error: String(error) }, 'an alert did not arrive yet')
      await postpone(world.db, letter.id, seconds, String(error))
    }
  }
  return arrived
}

const backOff = (attempts: number) => Math.min(2 ** attempts, longestDelaySeconds)

async function deliver(world: Pick<World, 'db' | 'clock'>, channel: AlertChannel, letter: Claimed) {
  const { db } = world
  const alert = await readAlert(db, letter.findingId)
  const where = { finding_id: letter.findingId, destination: letter.destination }
  const standing = await db('alert_messages').where(where).first('channel_id', 'ts')
  if (standing) {
    const posted: Posted = { channelId: standing.channel_id, ts: standing.ts }
    await channel.edit(posted, alert)
    await channel.reply(posted, { ...alert, step: letter.step }, letter.id)
    return
  }
  const posted = await channel.post(letter.destination, alert, letter.id)
  await db('alert_messages').insert({
    ...where,
    channel_id: posted.channelId,
    ts: posted.ts,
    posted_at: world.clock.now(),
  })
}

/** A finding as it stands now, with what people need to judge it. */
export async function readAlert(db: Executor, findingId: string): Promise<Alert> {
  const row = await db('findings')
    .join('keys', 'keys.id', 'findings.key_id')
    .leftJoin('key_usage', 'key_usage.key_id', 'keys.id')
    .where('findings.id', findingId)
    .first(
      'findings.id',
      'kind',
      'step',
      'severity',
      'resolution',
      'keys.id as key_id',
      'keys.name',
      'hint',
      'owner_id',
      'expires_at',
      'requests',
      'last_used_at',
      'findings.workspace_id',
    )
  return {
    findingId: row.id,
    kind: row.kind,
    step: row.step,
    severity: row.severity,
    workspaceId: row.workspace_id,
    key: {
      id: row.key_id,
      name: row.name,
      hint: row.hint,
      ownerId: row.owner_id,
      expiresAt: row.expires_at,
    },
    requests: row.requests ?? 0,
    lastUsedAt: row.last_used_at,
    resolution: row.resolution,
  }
}
