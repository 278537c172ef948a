import type { Executor } from '../foundation/database.ts'
import type { Act, Actor } from '../members/actor.ts'
import { lockRole } from '../members/lock.ts'
import { findMember, type Role } from '../members/member.ts'
import { isAtLeast } from '../policy/may.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Source } from './offboarding.ts'

/** The workspaces, by id, where the requester of an offboarding decides. */
export type Authority = {
  /** their mode, successor and choices hold here; elsewhere the policy of the workspace does */
  decidesIn: string[]
  /** workspaces where the leaver is manager or owner and the requester may not end that */
  keepsRoleIn: string[]
}

/** A manager does not offboard an owner. Pure. */
export const mayOffboard = (role: Role, leaver: Role): boolean =>
  isAtLeast(role, 'manager') && (leaver !== 'owner' || role === 'owner')

/** Another system of the company, which may ask for a mode and a successor and gets what policy allows. */
export const isOtherSystem = (source: Source): boolean => source === 'workflow' || source === 'webhook'

/**
 * A person decides where they are above the leaver, the operator everywhere. Slack and a directory ask for nothing but
 * what the policy of their workspace says, and end every role, since they say who works here. A workflow does not say
 * who ran it, nor an HR system who typed it, so they end no owner's role. `userId`: the leaver, where somebody is known.
 */
export async function authorityOf(
  db: Executor,
  workspace: Pick<Workspace, 'id' | 'accountId'>,
  asked: { actor: Actor; source: Source },
  userId: string | undefined,
): Promise<Authority> {
  const { actor, source } = asked
  const workspaces = await db('workspaces')
    .where({ account_id: workspace.accountId })
    .orderBy('id')
    .select('id')
  const ids = workspaces.map((row) => row.id as string)
  if (actor.kind === 'operator') return { decidesIn: ids, keepsRoleIn: [] }
  const authority: Authority = { decidesIn: [], keepsRoleIn: [] }
  if (actor.kind === 'job' && !isOtherSystem(source)) return { ...authority, decidesIn: [workspace.id] }
  for (const id of ids) {
    const leaver = await roleIn(db, id, userId)
    const decides = actor.kind === 'member' && mayOffboard(await roleOf(db, actor, id), leaver)
    if (decides) authority.decidesIn.push(id)
    else if (actor.kind === 'member' ? leaver !== 'member' : leaver === 'owner')
      authority.keepsRoleIn.push(id)
  }
  return authority
}

/** The same act in another workspace, with the role that its actor has there; nothing where they are not in charge. */
export async function actIn(act: Act, workspaceId: string): Promise<Act | undefined> {
  const { actor, trx } = act
  if (actor.kind !== 'member') return act
  const role = await roleOf(trx, actor, workspaceId)
  return isAtLeast(role, 'manager') ? { ...act, actor: { ...actor, role, workspaceId } } : undefined
}

/** Kept until the end of the transaction, as in the workspace that they act in. */
const roleOf = async (db: Executor, actor: Actor & { kind: 'member' }, workspaceId: string): Promise<Role> =>
  actor.workspaceId === workspaceId ? actor.role : ((await lockRole(db, workspaceId, actor.id)) ?? 'member')

const roleIn = async (db: Executor, workspaceId: string, userId: string | undefined): Promise<Role> =>
  (userId && (await findMember(db, workspaceId, userId))?.role) || 'member'
