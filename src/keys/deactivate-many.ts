import { recordAll } from '../audit/record.ts'
import { type Act, actorName } from '../members/actor.ts'

/**
 * Pauses those of these keys that are active, in one statement, for a job: jobs act by the machine they run on. Each
 * can be activated again. Returns the ids of what was paused.
 */
export async function deactivateMany(
  act: Act,
  workspaceId: string,
  keyIds: readonly string[],
  reason: string,
): Promise<string[]> {
  const rows = await act
    .trx('keys')
    .where({ workspace_id: workspaceId, status: 'active' })
    .whereIn('id', [...keyIds])
    .update({ status: 'inactive', status_changed_at: act.now, status_changed_by: actorName(act.actor) })
    .returning('id')
  const ids: string[] = rows.map((row) => row.id)
  await recordAll(
    act,
    ids.map((keyId) => ({ event: 'key.deactivated', workspaceId, keyId, details: { reason } })),
  )
  return ids
}
