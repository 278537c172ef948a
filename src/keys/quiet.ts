import type { Transaction } from '../foundation/database.ts'

/** Moves the time since which each active key is quiet to its last use, of those quiet since before that moment. */
export async function recordLastUse(trx: Transaction, workspaceId: string, before: Date): Promise<void> {
  await trx.raw(
    `update keys set used_by_then = u.last_used_at from key_usage u
     where u.key_id = keys.id and workspace_id = :workspaceId and status = 'active' and quiet_since <= :before
       and successor_id is null and u.last_used_at > quiet_since`,
    { workspaceId, before },
  )
}
