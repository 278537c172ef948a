import type { Executor } from '../foundation/database.ts'
import { inCharge } from '../members/member.ts'
import type { Offboarding } from './offboarding.ts'

/**
 * Who takes over in a workspace: the named successor, else a manager, else an owner; never the leaver, nor anybody
 * who is leaving too. Undefined when there is nobody.
 */
export async function heirOf(
  db: Executor,
  workspaceId: string,
  offboarding: Pick<Offboarding, 'accountId' | 'userId' | 'successorId'>,
): Promise<string | undefined> {
  const candidates = [
    ...(offboarding.successorId ? [offboarding.successorId] : []),
    ...(await inCharge(db, workspaceId, ['manager'], 20)),
    ...(await inCharge(db, workspaceId, ['owner'], 20)),
  ].filter((userId) => userId !== offboarding.userId)
  const leaving = await db('offboardings')
    .where({ account_id: offboarding.accountId })
    .whereNull('ended_at')
    .whereIn('user_id', candidates)
    .select('user_id')
  const gone = new Set(leaving.map((row) => row.user_id))
  return candidates.find((userId) => !gone.has(userId))
}
