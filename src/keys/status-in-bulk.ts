import { recordAll } from '../audit/record.ts'
import { type Act, actorName } from '../members/actor.ts'
import { legalFrom, type Status } from './key.ts'

const moves = {
  deactivate: { to: 'inactive', event: 'key.deactivated' },
  revoke: { to: 'revoked', event: 'key.revoked' },
} as const satisfies Record<string, { to: Status; event: string }>

/**
 * Deactivates or revokes those of these keys that may be, in one statement, for a job: jobs act by the machine they run
 * on. `reasons` has the reason of each key by its id. A key that takes the place of another one is not revoked here, since its end is news to that one.
 * @returns the ids of what was changed
 */
export async function changeStatusInBulk(
  act: Act,
  verb: keyof typeof moves,
  workspaceId: string,
  reasons: ReadonlyMap<string, string>,
): Promise<string[]> {
  if (reasons.size === 0) return []
  const { to, event } = moves[verb]
  const rows = await act
    .trx('keys')
    .where({ workspace_id: workspaceId })
    .whereIn('id', [...reasons.keys()])
    .whereIn('status', legalFrom[verb])
    .modify((query) => (verb === 'revoke' ? query.whereNull('predecessor_id') : query))
    .update({ status: to, status_changed_at: act.now, status_changed_by: actorName(act.actor) })
    .returning('id')
  const ids: string[] = rows.map((row) => row.id)
  await recordAll(
    act,
    ids.map((keyId) => ({ event, workspaceId, keyId, details: { reason: reasons.get(keyId) } })),
  )
  return ids
}
