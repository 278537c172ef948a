import type { Executor } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import { minuteMs } from '../foundation/time.ts'
import type { Act } from '../members/actor.ts'
import { countedUntil } from '../usage/watermark.ts'
import { offerKey } from './offers.ts'
import { endPending, pendingIsOver } from './pending-reveals.ts'
import { voidReveal } from './reveal.ts'
import { lockKey } from './store.ts'

/** How long a token may wait for the evidence that it was shown: longer than the process that shows it tries to void it. */
const maxPendingMinutes = 5
/** At most so many in one run; the next takes the rest. */
const batch = 100

/** A token of which nobody knows for too long whether it was shown. */
export type Pending = { keyId: string; workspaceId: string; hint: string; revealedBy: string }

/** Forgets the notes that are over. */
export async function forgetPending(db: Executor): Promise<void> {
  await db.raw(`delete from pending_reveals p using keys k where k.id = p.key_id and ${pendingIsOver}`)
}

/**
 * The tokens of which nobody knows for some minutes whether they were shown, because the process that would show them
 * died or could not reach the database. Not one that may have been used and not counted yet; not one of an inactive
 * key, which has these minutes once it is active; not one of a key that is being replaced, which ends with the rotation.
 */
export async function duePending(db: Executor, now: Date): Promise<Pending[]> {
  const until = await countedUntil(db, now)
  if (!until) return []
  const { rows } = await db.raw(
    `select k.id as "keyId", k.workspace_id as "workspaceId", p.hint, p.revealed_by as "revealedBy"
     from pending_reveals p join keys k on k.id = p.key_id
     where greatest(p.since, k.status_changed_at) <= :before and k.status = 'active' and k.successor_id is null
       and not ${pendingIsOver}
     order by p.since, k.id limit :batch`,
    { before: new Date(until.getTime() - maxPendingMinutes * minuteMs), batch },
  )
  return rows
}

/** Voids the token and offers its key to the owner again, unless it is known by now that somebody has it. */
export async function voidPending(act: Act, pending: Pending, random: Random): Promise<boolean | Refusal> {
  const { keyId, workspaceId, hint, revealedBy } = pending
  const found = await lockKey(act.trx, workspaceId, keyId)
  if (found?.status !== 'active' || found.hint !== hint || found.savedAt || found.successorId) return false
  // No lock on the key is taken to show it or to count it: so what both left is read again.
  const { rows } = await act.trx.raw(
    `select from pending_reveals p join keys k on k.id = p.key_id where k.id = ? and ${pendingIsOver}`,
    [keyId],
  )
  if (rows.length > 0 || !(await endPending(act.trx, { keyId, hint }))) return false
  const key = await voidReveal(act, workspaceId, { keyId, hint }, revealedBy)
  if (isRefusal(key)) return key
  // An owner of after that was never shown it.
  await offerKey(act, key, key.ownerId === revealedBy ? 'void' : 'given', random, revealedBy)
  return true
}
