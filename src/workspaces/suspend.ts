import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { lockWorkspace } from '../members/lock.ts'
import { authorise } from '../policy/authorise.ts'
import type { Workspace } from './workspace.ts'

type Which = Pick<Workspace, 'id' | 'name'>

/** Refuses every key of a workspace until it is resumed. The keys stay as they are. */
export const suspendWorkspace = (act: Act, which: Which, reason?: string): Promise<Which | Refusal> =>
  set(act, which, true, reason)

/** Ends a suspension: each key is accepted again as far as it was before. */
export const resumeWorkspace = (act: Act, which: Which, reason?: string): Promise<Which | Refusal> =>
  set(act, which, false, reason)

/** Whether every key of a workspace is refused now, whatever its own state is. */
export async function isSuspended(db: Executor, workspaceId: string): Promise<boolean> {
  const row = await db('workspaces')
    .join('accounts', 'accounts.id', 'workspaces.account_id')
    .where('workspaces.id', workspaceId)
    .where((either) => either.whereNotNull('workspaces.suspended_at').orWhereNotNull('accounts.suspended_at'))
    .first('workspaces.id')
  return row !== undefined
}

async function set(
  act: Act,
  { id, name }: Which,
  isSuspended: boolean,
  reason: string | undefined,
): Promise<Which | Refusal> {
  const refusal = await authorise(act, 'workspace.suspend', { workspaceId: id })
  if (refusal) return refusal
  await lockWorkspace(act, id)
  const changed = await act
    .trx('workspaces')
    .where({ id })
    .modify((rows) => (isSuspended ? rows.whereNull('suspended_at') : rows.whereNotNull('suspended_at')))
    .update({ suspended_at: isSuspended ? act.now : null })
  if (changed === 0)
    return refuse('already', say`${{ name }} is ${isSuspended ? 'suspended already' : 'not suspended'}.`)
  const event = isSuspended ? 'workspace.suspended' : 'workspace.resumed'
  await record(act, { event, workspaceId: id, details: { name, reason } })
  return { id, name }
}
