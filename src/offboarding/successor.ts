import type { Executor } from '../foundation/database.ts'
import { findMember, inCharge } from '../members/member.ts'
import { isAtLeast } from '../policy/may.ts'
import { isUnattended, type Offboarding } from './offboarding.ts'

/**
 * The named successor, as far as they are one in that workspace: for a person or the operator where they decide, for a
 * system only somebody who is in charge there.
 */
export async function successorIn(
  db: Executor,
  workspaceId: string,
  offboarding: Pick<Offboarding, 'successorId' | 'decidesIn' | 'requestedBy'>,
): Promise<string | null> {
  const { successorId, decidesIn } = offboarding
  if (!successorId || decidesIn.includes(workspaceId)) return successorId
  if (!isUnattended(offboarding)) return null
  const member = await findMember(db, workspaceId, successorId)
  return member && isAtLeast(member.role, 'manager') ? successorId : null
}

/**
 * Finds the new owner in a workspace: the named successor, else a manager, else an owner; never the leaver, nor
 * anybody who is leaving too. Undefined when there is nobody.
 */
export async function newOwnerOf(
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
