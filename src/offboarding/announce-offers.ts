import type { World } from '../foundation/world.ts'
import { Refused } from '../notifications/channel.ts'
import type { Announcer } from './announcer.ts'

const maxAttempts = 3

/**
 * Sends new owners the keys that wait for them. Home lists these too, so a message that is refused is given up; an outage
 * is no refusal.
 */
export async function offerKeys(world: World, announcer: Announcer): Promise<void> {
  const { db, clock, log } = world
  const { rows } = await db.raw(
    `update offboarding_keys o set offered_at = ?, offer_attempts = offer_attempts + 1
     from keys s, offboardings f
     where o.outcome in ('rotating', 'handed-over') and o.offered_at is null and o.offer_attempts < ?
       and s.id = coalesce(o.successor_key_id, o.key_id) and s.status = 'unrevealed' and f.id = o.offboarding_id
     returning o.offboarding_id, o.key_id, s.id, s.workspace_id, s.owner_id, s.name, s.scopes, s.lifetime_days,
       f.user_id`,
    [clock.now(), maxAttempts],
  )
  const groups = new Map<string, typeof rows>()
  for (const row of rows) {
    const group = `${row.offboarding_id} ${row.owner_id}`
    groups.set(group, [...(groups.get(group) ?? []), row])
  }
  for (const group of groups.values()) {
    const offers = group.map((row: Record<string, never>) => ({
      keyId: row.id,
      workspaceId: row.workspace_id,
      name: row.name,
      scopes: row.scopes,
      lifetimeDays: row.lifetime_days,
    }))
    const first = group[0]
    try {
      await announcer.offer(first.owner_id, first.user_id, offers)
    } catch (error) {
      log.warn(
        { event: 'offboarding.offer_failed', error: String(error) },
        'failed to offer keys to their new owner',
      )
      const keyIds = group.map((row: { key_id: string }) => row.key_id)
      await db('offboarding_keys')
        .where({ offboarding_id: first.offboarding_id })
        .whereIn('key_id', keyIds)
        .update(
          error instanceof Refused && error.why !== 'app'
            ? { offered_at: null }
            : { offered_at: null, offer_attempts: db.raw('offer_attempts - 1') },
        )
    }
  }
}
