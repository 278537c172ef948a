import { recordAll } from '../audit/record.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say, who } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'

/** A key that was just confirmed as still needed. */
export type Needed = { id: string; name: string; ownerId: string }

/**
 * Says of live keys that they are still needed: each counts as in use from now on. With `since`, what was confirmed
 * after that is not confirmed again; when nothing is left to confirm, the refusal says why.
 */
export async function confirmNeeded(
  act: Act,
  workspaceId: string,
  keyIds: readonly string[],
  since?: Date,
): Promise<Needed[] | Refusal> {
  const keys: Row[] = await act
    .trx('keys')
    .where({ workspace_id: workspaceId })
    .whereIn('id', [...keyIds])
    .orderBy('id')
    .forUpdate()
    .select('id', 'name', 'owner_id', 'status', 'status_changed_by', 'needed_at', 'needed_by')
  if (keys.length === 0) return noSuchKey({ action: 'key.confirm-needed' })
  for (const { id: keyId, owner_id: ownerId } of keys) {
    const refusal = await authorise(act, 'key.confirm-needed', { workspaceId, ownerId, keyId })
    if (refusal) return refusal
  }
  const isAnswered = (key: Row) => since !== undefined && key.needed_at !== null && key.needed_at >= since
  const open = keys.filter((key) => key.status === 'active' && !isAnswered(key))
  if (open.length === 0) return tooLate(keys[0]!)
  const ids = open.map(({ id }) => id)
  await act.trx('keys').whereIn('id', ids).update({ needed_at: act.now, needed_by: act.actor.id })
  await recordAll(
    act,
    ids.map((keyId) => ({ event: 'key.confirmed-needed', workspaceId, keyId })),
  )
  return open.map(({ id, name, owner_id }) => ({ id, name, ownerId: owner_id }))
}

type Row = {
  id: string
  name: string
  owner_id: string
  status: string
  status_changed_by: string
  needed_at: Date | null
  needed_by: string
}

const tooLate = ({ name, status, status_changed_by, needed_by }: Row): Refusal =>
  status === 'active'
    ? refuse('already', say`${who(needed_by)} said already that ${{ name }} is still needed.`)
    : refuse('already', say`${who(status_changed_by)} ended or paused ${{ name }} meanwhile.`, {
        next: say`See ${{ code: '/keys show' }}.`,
      })
