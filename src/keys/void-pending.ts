import type { Random } from '../foundation/random.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { minuteMs } from '../foundation/time.ts'
import type { Act } from '../members/actor.ts'
import { offerKey } from './offers.ts'
import { voidReveal } from './reveal.ts'

/** How long a token may wait for the evidence that it was shown: longer than the process that shows it tries to void it. */
const maxPendingMinutes = 5
/** At most this many in one transaction; the next run takes the rest. */
export const pendingBatch = 100

/** Somebody has the token, or nobody can: there is nothing to wait for. */
const isOver = `k.status in ('revoked', 'unrevealed') or k.hint is distinct from p.hint or k.saved_at is not null
  or exists (select from key_usage u where u.key_id = k.id and u.last_used_at >= p.since)`

/**
 * Voids the tokens of which nobody knows after some minutes whether they were shown, because the process that would show
 * them died or could not reach the database, and offers their keys again. One that was saved or used was shown; one of
 * an inactive key waits until that is active again. Returns how many it voided.
 */
export async function voidPending(act: Act, random: Random): Promise<number> {
  await act.trx.raw(`delete from pending_reveals p using keys k where k.id = p.key_id and (${isOver})`)
  const { rows } = await act.trx.raw(
    `select k.id, k.workspace_id as "workspaceId", p.hint, p.revealed_by as "revealedBy"
     from pending_reveals p join keys k on k.id = p.key_id
     where p.since <= :before and k.status = 'active' and not (${isOver})
     order by p.since, k.id limit :batch for update of k`,
    { before: new Date(act.now.getTime() - maxPendingMinutes * minuteMs), batch: pendingBatch },
  )
  let voided = 0
  for (const { id, workspaceId, hint, revealedBy } of rows as Pending[]) {
    const key = await voidReveal(act, workspaceId, { keyId: id, hint }, revealedBy)
    if (isRefusal(key) || key.status !== 'unrevealed') continue
    await offerKey(act, key, 'void', random)
    voided++
  }
  return voided
}

type Pending = { id: string; workspaceId: string; hint: string; revealedBy: string }
