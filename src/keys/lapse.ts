import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { dayMs } from '../foundation/time.ts'
import type { Act } from '../members/actor.ts'
import { actorName } from '../members/actor.ts'
import { announceLapsed, offerDays, refreshOffers } from './offers.ts'

/** At most this many in one transaction; the next run takes the rest. */
export const lapseBatch = 500

/**
 * Ends the keys that nobody revealed within a week of being offered: `revoked`, though no token of theirs ever was.
 * The successor in a rotation does not lapse: that would leave a system without a key.
 * Their owners are notified. Returns how many.
 */
export async function lapse(act: Act, random: Random): Promise<number> {
  const before = new Date(act.now.getTime() - offerDays * dayMs)
  const { rows } = await act.trx.raw(
    `update keys set status = 'revoked', status_changed_at = :now, status_changed_by = :by
     where id in (select id from keys where status = 'unrevealed' and status_changed_at <= :before
         and predecessor_id is null
       order by id limit :batch for update)
     returning id, workspace_id as "workspaceId", owner_id as "ownerId"`,
    { now: act.now, by: actorName(act.actor), before, batch: lapseBatch },
  )
  const lapsed = rows as { id: string; workspaceId: string; ownerId: string }[]
  for (const row of lapsed)
    await record(act, { event: 'key.lapsed', workspaceId: row.workspaceId, keyId: row.id })
  await announceLapsed(act.trx, lapsed, act.now, random)
  await refreshOffers(
    act.trx,
    lapsed.map(({ id }) => id),
  )
  return lapsed.length
}
