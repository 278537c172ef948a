import type { EventName } from '../audit/events.ts'
import { record } from '../audit/record.ts'
import { type Transaction, violates } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say, who } from '../foundation/words.ts'
import { type Act, actorName } from '../members/actor.ts'
import { isOver, type Key, legalFrom, type Status } from './key.ts'
import { normaliseName } from './name.ts'
import { refreshOffers } from './offers.ts'
import { revokedAlready } from './revoked.ts'
import { keyColumns, lockKeyFor, lockKeys, toKey } from './store.ts'

type Move = { verb: 'deactivate' | 'activate' | 'revoke'; to: Status; event: EventName }

const moves = {
  deactivate: { verb: 'deactivate', to: 'inactive', event: 'key.deactivated' },
  activate: { verb: 'activate', to: 'active', event: 'key.activated' },
  revoke: { verb: 'revoke', to: 'revoked', event: 'key.revoked' },
} as const satisfies Record<string, Move>

/** Pauses an active key; it can be activated again. */
export const deactivate = (act: Act, workspaceId: string, keyId: string, reason?: string) =>
  change(act, moves.deactivate, workspaceId, keyId, reason)

/** Resumes a paused key; with `since`, only from the pause that began then. */
export const activate = (act: Act, workspaceId: string, keyId: string, reason?: string, since?: Date) =>
  change(act, moves.activate, workspaceId, keyId, reason, since)

/** Ends a key for good. The row stays for audit; nothing brings the key back. */
export const revoke = (act: Act, workspaceId: string, keyId: string, reason?: string) =>
  change(act, moves.revoke, workspaceId, keyId, reason)

async function change(
  act: Act,
  move: Move,
  workspaceId: string,
  keyId: string,
  reason?: string,
  since?: Date,
): Promise<Key | Refusal> {
  if (move.to === 'revoked') await lockKeys(act.trx, workspaceId, [keyId])
  const found = await lockKeyFor(act, `key.${move.verb}`, workspaceId, keyId)
  if (isRefusal(found)) return found
  if (move.verb === 'activate' && isOver(found, act.now))
    return refuse(
      'expired',
      say`${{ name: found.name }} expired on ${{ day: (found.expiresAt ?? found.endsAt)! }}; activating it would change nothing.`,
      {
        next: 'Rotate it or create a new key.',
      },
    )
  if (since && found.status === 'inactive' && found.statusChangedAt.getTime() !== since.getTime())
    return pausedAgain(found)
  // The row is locked, but the statement still names the states it may leave: the rule stands in one place.
  const [row] = await act
    .trx('keys')
    .where({ id: keyId })
    .whereIn('status', legalFrom[move.verb])
    .update({ status: move.to, status_changed_at: act.now, status_changed_by: actorName(act.actor) })
    .returning(keyColumns)
  if (!row) return notFrom(found, move)
  if (found.status === 'unrevealed') await refreshOffers(act.trx, [keyId])
  if (move.to === 'revoked' && found.predecessorId) await giveBack(act, found)
  await record(act, { event: move.event, workspaceId, keyId, details: reason ? { reason } : undefined })
  return toKey(row)
}

/**
 * A successor that ends gives its name back to the key it was to replace, or leaves it to its own successor. Where somebody
 * else has the name by now, that key gets another one: nothing may keep a key from being revoked.
 */
async function giveBack(act: Act, { id, successorId }: Key): Promise<void> {
  const replaced = (trx: Transaction) => trx('keys').where({ successor_id: id })
  try {
    await act.trx.transaction((savepoint) => replaced(savepoint).update({ successor_id: successorId }))
  } catch (error) {
    if (!violates(error, 'keys_one_live_name')) throw error
    const [row] = await replaced(act.trx).select(keyColumns)
    const key = toKey(row)
    // Its id, which nobody chooses as a name, makes it another name for sure.
    const name = `${[...key.name].slice(0, 50).join('')} (${key.id})`
    await replaced(act.trx).update({
      ...{ successor_id: successorId, name, name_folded: normaliseName(name) },
      version: act.trx.raw('version + 1'),
    })
    const details = { changes: { name: [key.name, name] }, reason: 'its name was taken meanwhile' }
    await record(act, { event: 'key.edited', workspaceId: key.workspaceId, keyId: key.id, details })
  }
}

const pausedAgain = (key: Key): Refusal =>
  refuse(
    'changed',
    say`${who(key.statusChangedBy)} deactivated ${{ name: key.name }} again on ${{ moment: key.statusChangedAt }}. This button is for an earlier time.`,
    { next: say`To activate it all the same: ${{ code: `/keys activate ${key.hint ?? ''}` }}.` },
  )

/** Why that verb cannot be applied to the key as it stands; nothing when it can. */
export function cannot(verb: keyof typeof moves, key: Key): Refusal | undefined {
  return (legalFrom[verb] as readonly Status[]).includes(key.status) ? undefined : notFrom(key, moves[verb])
}

function notFrom(key: Key, move: Move): Refusal {
  if (key.status === 'revoked') return revokedAlready(key)
  if (key.status === 'unrevealed')
    return refuse('already', say`${{ name: key.name }} was never revealed, so nobody can use it.`)
  // A reveal or an adoption is no activation.
  if (move.verb === 'activate' && !isResumed(key))
    return refuse('already', say`${{ name: key.name }} is active already.`)
  return refuse(
    'already',
    say`${who(key.statusChangedBy)} ${move.verb}d it already, on ${{ moment: key.statusChangedAt }}.`,
  )
}

/** Whether an active key's last change of status was an activation, not a reveal or an adoption. */
const isResumed = ({ statusChangedAt, revealedAt, revealedBy }: Key): boolean =>
  revealedBy !== null && revealedAt !== null && statusChangedAt > revealedAt
