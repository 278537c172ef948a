import { record } from '../audit/record.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import { type Act, actorName } from '../members/actor.ts'
import { type Key, legalFrom } from './key.ts'
import { normaliseName } from './name.ts'
import { revokedAlready } from './revoked.ts'
import type { Scope } from './scope.ts'
import { keyColumns, lockKeyFor, toKey } from './store.ts'

/** The values of a successor that differ from its predecessor's; absent ones stay the same. */
export type Changes = { scopes?: Scope[]; lifetimeDays?: number | null; ownerId?: string }

/**
 * Makes the successor of a key: same name, words and integration, same owner, scopes and lifetime unless `changes`
 * says otherwise, unrevealed. Both keys work once the successor is revealed; the predecessor ends when somebody
 * revokes it. `why` goes into the record.
 */
export async function rotate(
  act: Act,
  workspaceId: string,
  keyId: string,
  changes: Changes,
  random: Random,
  why: Record<string, unknown> = {},
): Promise<{ predecessor: Key; successor: Key } | Refusal> {
  const found = await lockKeyFor(act, 'key.rotate', workspaceId, keyId)
  if (isRefusal(found)) return found
  const blocked = cannotRotate(found)
  if (blocked) return blocked

  const successorId = newId('key', random)
  const [old] = await act
    .trx('keys')
    .where({ id: keyId })
    .whereNull('successor_id')
    .whereIn('status', legalFrom.rotate)
    .update({ successor_id: successorId })
    .returning(keyColumns)
  const [row] = await act
    .trx('keys')
    .insert(successorOf(found, successorId, changes, act))
    .returning(keyColumns)
  const successor = toKey(row)
  await record(act, { event: 'key.rotated', workspaceId, keyId, details: { successor: successorId, ...why } })
  await record(act, {
    event: 'key.issued',
    workspaceId,
    keyId: successorId,
    details: {
      name: successor.name,
      scopes: successor.scopes,
      lifetimeDays: successor.lifetimeDays,
      owner: successor.ownerId,
      predecessor: keyId,
    },
  })
  return { predecessor: toKey(old), successor }
}

/** Why a key cannot be rotated as it stands, or nothing. Pure. */
export function cannotRotate(key: Key): Refusal | undefined {
  if (key.status === 'revoked') return revokedAlready(key)
  if (key.status === 'unrevealed')
    return refuse(
      'already',
      say`${{ name: key.name }} is new and still waits for ${{ user: key.ownerId }} to reveal it.`,
    )
  if (key.successorId)
    return refuse('already', say`A rotation of ${{ name: key.name }} is running.`, {
      next: say`Revoke the old key when nothing uses it any more: ${{ code: `/keys revoke ${key.hint ?? key.name}` }}.`,
    })
  return undefined
}

const successorOf = (old: Key, id: string, changes: Changes, act: Act) => ({
  id,
  workspace_id: old.workspaceId,
  name: old.name,
  name_folded: normaliseName(old.name),
  description: old.description,
  integration: old.integration,
  scopes: changes.scopes ?? old.scopes,
  allowed_networks: old.allowedNetworks,
  limit_per_minute: old.limitPerMinute,
  status: 'unrevealed',
  owner_id: changes.ownerId ?? old.ownerId,
  created_by: act.actor.id,
  created_at: act.now,
  lifetime_days: changes.lifetimeDays === undefined ? old.lifetimeDays : changes.lifetimeDays,
  predecessor_id: old.id,
  status_changed_at: act.now,
  status_changed_by: actorName(act.actor),
})
