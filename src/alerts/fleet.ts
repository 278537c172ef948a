import type { Executor } from '../foundation/database.ts'
import { type Claimed, complete, type DeliveryOutcome } from '../outbox/outbox.ts'
import { type AlertChannel, type Carried, type Deps, type Fleet, Refused } from './channel.ts'
import { findParent, forgetParent, rememberParent } from './parents.ts'

/** This many keys are named; the rest are counted. */
const maxNamed = 10

/** Reads the current state of a fleet event and names its busiest keys. */
async function readFleet(db: Executor, id: string): Promise<Fleet | undefined> {
  const row = await db('fleet_events').where({ id }).first()
  if (!row) return undefined
  const named = await db('anomaly_episodes')
    .join('keys', 'keys.id', 'anomaly_episodes.key_id')
    .leftJoin('key_usage', 'key_usage.key_id', 'keys.id')
    .where({ fleet_id: id })
    .orderByRaw('key_usage.requests desc nulls last, keys.name')
    .limit(maxNamed)
    .select('keys.name')
  return {
    id,
    direction: row.direction,
    keys: row.keys,
    activeKeys: row.active_keys,
    beganAt: row.began_at,
    grownAt: row.grown_at,
    overAt: row.over_at,
    names: named.map(({ name }) => name),
  }
}

/** Delivers one post for the whole event: the first outbox message posts it, the following ones update it. */
export async function deliverFleet(
  { db, clock }: Deps,
  channel: AlertChannel,
  message: Claimed,
  carried: Carried,
): Promise<DeliveryOutcome> {
  const fleet = await readFleet(db, message.subjectId)
  if (fleet) {
    const posted = await findParent(db, message)
    try {
      if (posted) await channel.edit(posted, { fleet }, message.destination)
      else {
        const posted =
          (message.doubtSince &&
            (await channel.find(message.destination, message.id, message.doubtSince, undefined))) ||
          (await channel.post(message.destination, { fleet }, [], carried))
        await rememberParent(db, message, posted, clock.now())
      }
    } catch (error) {
      if (error instanceof Refused && error.why === 'missing') await forgetParent(db, message)
      throw error
    }
  }
  const outcome = fleet ? 'arrived' : 'moot'
  await complete(db, message, outcome, clock.now())
  return outcome
}
