import type { Executor } from '../foundation/database.ts'
import { type Claimed, type Outcome, settle } from '../outbox/outbox.ts'
import { type AlertChannel, type Carried, type Fleet, type Means, Refused } from './channel.ts'
import { findParent, forgetParent, rememberParent } from './parents.ts'

/** As many are named; the rest is counted. */
const mostNamed = 10

/** What many keys did at once, as it stands now; the busiest are named. */
async function readFleet(db: Executor, id: string): Promise<Fleet | undefined> {
  const row = await db('fleet_events').where({ id }).first()
  if (!row) return undefined
  const named = await db('anomaly_episodes')
    .join('keys', 'keys.id', 'anomaly_episodes.key_id')
    .leftJoin('key_usage', 'key_usage.key_id', 'keys.id')
    .where({ fleet_id: id })
    .orderByRaw('key_usage.requests desc nulls last, keys.name')
    .limit(mostNamed)
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

/** One message for the whole event: the first letter posts it, those that follow bring it up to date. */
export async function deliverFleet(
  { db, clock }: Means,
  channel: AlertChannel,
  letter: Claimed,
  carried: Carried,
): Promise<Outcome> {
  const fleet = await readFleet(db, letter.subjectId)
  if (fleet) {
    const standing = await findParent(db, letter)
    try {
      if (standing) await channel.edit(standing, { fleet }, letter.destination)
      else {
        const posted =
          (letter.doubtSince &&
            (await channel.find(letter.destination, letter.id, letter.doubtSince, undefined))) ||
          (await channel.post(letter.destination, { fleet }, [], carried))
        await rememberParent(db, letter, posted, clock.now())
      }
    } catch (error) {
      if (error instanceof Refused && error.why === 'missing') await forgetParent(db, letter)
      throw error
    }
  }
  const outcome = fleet ? 'arrived' : 'moot'
  await settle(db, letter, outcome, clock.now())
  return outcome
}
