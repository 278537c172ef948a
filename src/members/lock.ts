import type { Executor, Transaction } from '../foundation/database.ts'
import type { Act, Actor } from './actor.ts'
import { type Role, roles } from './member.ts'

/**
 * The actor with the role that they have in this transaction. Nobody can take it away before its end. Undefined for a
 * person who is not a member of the workspace any more; jobs and the operator stay as they are.
 */
export async function lockActor(trx: Transaction, actor: Actor): Promise<Actor | undefined> {
  if (actor.kind !== 'member') return actor
  const role = await lockRole(trx, actor.workspaceId, actor.id)
  return role && { ...actor, role }
}

/** The same for a person's role in one workspace. */
export async function lockRole(db: Executor, workspaceId: string, userId: string): Promise<Role | undefined> {
  const { rows } = await db.raw(
    `with own as (select role from members
         where workspace_id = :workspace and user_id = :user and left_at is null for share),
       of_groups as (select g.role from group_members m join group_roles g using (workspace_id, group_id)
         where m.workspace_id = :workspace and m.user_id = :user for share)
     select role from own union all select role from of_groups`,
    { workspace: workspaceId, user: userId },
  )
  const held = new Set(rows.map((row: { role: Role }) => row.role))
  return roles.find((role) => held.has(role))
}

/**
 * Lets one transaction at a time change roles and rules of a workspace. It comes before the lock of any role, so an act
 * of a person takes it by `changesRoles` of `perform`.
 * @throws when it would come after the role of its actor
 */
export async function lockWorkspace({ trx, actor, changesRoles }: Act, workspaceId: string): Promise<void> {
  if (actor.kind === 'member' && !changesRoles) throw new Error('perform this act with `changesRoles`')
  // Not `for update`: rows that refer to the workspace are inserted by acts that hold a role which is to change.
  await trx('workspaces').where({ id: workspaceId }).forNoKeyUpdate().first('id')
}
