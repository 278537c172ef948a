import { recordAll } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { join, say, who } from '../foundation/words.ts'
import type { Act, Actor } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { may } from '../policy/may.ts'
import { readWords } from './name.ts'
import { canChange } from './scope.ts'

/** A key that was just confirmed as still needed. */
export type Needed = { id: string; name: string; ownerId: string }

/** A key that can change things, for which the answer that it is still needed has a reason. */
export type NeedsReason = { id: string; name: string; scopes: string[] }

/** `since`: what was confirmed after that is not confirmed again. `reason`: why keys that can change things are needed. */
export type Confirming = { since?: Date; reason?: string }

/** The longest reason, in characters. */
export const maximumReason = 300

/**
 * Says of live keys that they are still needed: each counts as in use from now on. Of keys that can change things the
 * reason is recorded, and without one nothing is confirmed. When nothing is left to confirm, the refusal says why.
 */
export async function confirmNeeded(
  act: Act,
  workspaceId: string,
  keyIds: readonly string[],
  { since, reason = '' }: Confirming = {},
): Promise<Needed[] | Refusal> {
  const keys: Row[] = await act
    .trx('keys')
    .where({ workspace_id: workspaceId })
    .whereIn('id', [...keyIds])
    .orderBy('id')
    .forUpdate()
    .select('id', 'name', 'owner_id', 'scopes', 'status', 'status_changed_by', 'needed_at', 'needed_by')
  if (keys.length === 0) return noSuchKey({ action: 'key.confirm-needed' })
  for (const { id: keyId, owner_id: ownerId } of keys) {
    const refusal = await authorise(act, 'key.confirm-needed', { workspaceId, ownerId, keyId })
    if (refusal) return refusal
  }
  const open = keys.filter((key) => isOpen(key, since))
  if (open.length === 0) return tooLate(keys[0]!)
  const why = readReason(
    reason,
    open.filter(({ scopes }) => canChange(scopes)),
  )
  if (isRefusal(why)) return why
  const ids = open.map(({ id }) => id)
  await act.trx('keys').whereIn('id', ids).update({ needed_at: act.now, needed_by: act.actor.id })
  await recordAll(
    act,
    open.map(({ id: keyId, scopes }) => ({
      event: 'key.confirmed-needed',
      workspaceId,
      keyId,
      ...(canChange(scopes) ? { details: { reason: why } } : {}),
    })),
  )
  return open.map(({ id, name, owner_id }) => ({ id, name, ownerId: owner_id }))
}

/**
 * Reads which of these keys ask for a reason when this actor confirms them: those that can change things, are active,
 * and were not confirmed `since`. By name.
 */
export async function keysThatNeedReason(
  db: Executor,
  actor: Actor,
  workspaceId: string,
  keyIds: readonly string[],
  since?: Date,
): Promise<NeedsReason[]> {
  const keys: Row[] = await db('keys')
    .where({ workspace_id: workspaceId })
    .whereIn('id', [...keyIds])
    .orderBy(['name_folded', 'id'])
    .select('id', 'name', 'owner_id', 'scopes', 'status', 'needed_at')
  return keys
    .filter((key) => isOpen(key, since) && canChange(key.scopes))
    .filter(({ owner_id: ownerId }) => may(actor, 'key.confirm-needed', { workspaceId, ownerId }))
    .map(({ id, name, scopes }) => ({ id, name, scopes }))
}

type Row = {
  id: string
  name: string
  owner_id: string
  scopes: string[]
  status: string
  status_changed_by: string
  needed_at: Date | null
  needed_by: string
}

const isOpen = ({ status, needed_at }: Row, since?: Date): boolean =>
  status === 'active' && !(since !== undefined && needed_at !== null && needed_at >= since)

/** The tidied reason, or the refusal when there is none and one of these keys can change things. */
function readReason(text: string, changing: readonly Row[]): string | Refusal {
  const reason = readWords(text, maximumReason, 'reason')
  if (isRefusal(reason) || reason !== '' || changing.length === 0) return reason
  const names = join(
    changing.map(({ name }) => [{ name }]),
    ', ',
  )
  return refuse('invalid', say`Say in one sentence why ${names} must be able to change things.`, {
    field: 'reason',
  })
}

const tooLate = ({ name, status, status_changed_by, needed_by }: Row): Refusal =>
  status === 'active'
    ? refuse('already', say`${who(needed_by)} said already that ${{ name }} is still needed.`)
    : refuse('already', say`${who(status_changed_by)} ended or paused ${{ name }} meanwhile.`, {
        next: say`See ${{ code: '/keys show' }}.`,
      })
