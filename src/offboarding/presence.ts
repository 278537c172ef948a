import { recordAll } from '../audit/record.ts'
import { isLatest, type SaidOfUser } from '../directory/slack-users.ts'
import type { Act } from '../members/actor.ts'
import { markAllDeparted, markReturned } from '../workspaces/roles.ts'
import { currentOffboarding } from './offboarding.ts'

/**
 * Ends the roles of a person who is out, and lets a person who is back own their keys again; nothing when Slack has said
 * something later of them. Somebody who is being offboarded at another's request stays gone, although Slack has them.
 */
export async function applyPresence(
  act: Act,
  accountId: string,
  workspaceIds: readonly string[],
  said: SaidOfUser,
): Promise<null> {
  const userId = said.id
  if (!(await isLatest(act.trx, accountId, said))) return null
  if (said.isOut) {
    const departed = workspaceIds.map((workspaceId) => ({ workspaceId, userId }))
    await recordAll(act, (await markAllDeparted(act, departed)).events)
    return null
  }
  if (await currentOffboarding(act.trx, accountId, userId)) return null
  return markReturned(act, workspaceIds, userId)
}
