import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { lockWorkspace } from '../members/lock.ts'
import { findMember, type Member, type Role } from '../members/member.ts'
import { authorise } from '../policy/authorise.ts'

/** Owners and managers by name, owners first, at most a hundred. */
export async function listRoles(
  db: Executor,
  workspaceId: string,
): Promise<{ userId: string; role: Role }[]> {
  const rows = await db('members')
    .where({ workspace_id: workspaceId })
    .whereIn('role', ['owner', 'manager'])
    .whereNull('left_at')
    .orderByRaw(`role = 'owner' desc, added_at, user_id`)
    .limit(100)
    .select('user_id', 'role')
  return rows.map((row) => ({ userId: row.user_id, role: row.role }))
}

/** The user groups that give a role. */
export async function listGroupRoles(
  db: Executor,
  workspaceId: string,
): Promise<{ groupId: string; role: Role }[]> {
  const rows = await db('group_roles').where({ workspace_id: workspaceId }).orderBy('set_at').limit(100)
  return rows.map((row) => ({ groupId: row.group_id, role: row.role }))
}

/** Sets a person's role. The last owner stays one. Returns the previous role. */
export async function setRole(
  act: Act,
  workspaceId: string,
  userId: string,
  role: Role,
): Promise<{ before: Role } | Refusal> {
  const refusal = await authorise(act, 'role.set', { workspaceId })
  if (refusal) return refusal
  // Two owners who demote each other at once must not both succeed.
  await lockWorkspace(act, workspaceId)
  const existing = await act
    .trx('members')
    .where({ workspace_id: workspaceId, user_id: userId })
    .first('role')
  const before: Role = existing?.role ?? 'member'
  if (before === role) return { before }
  if (before === 'owner' && (await isOnlyOwner(act, workspaceId, userId)))
    return refuse('already', 'Someone must own Keywarden.', { next: 'Make somebody else an owner first.' })
  await act
    .trx('members')
    .insert({ workspace_id: workspaceId, user_id: userId, role, added_at: act.now, changed_at: act.now })
    .onConflict(['workspace_id', 'user_id'])
    .merge({ role, changed_at: act.now, left_at: null })
  await record(act, { event: 'role.set', workspaceId, details: { user: userId, role, before } })
  return { before }
}

/**
 * Adds a plain member at first contact; a known member keeps their role. Only for users that Slack lists as full
 * members of the team.
 */
export async function ensureMember(
  db: Executor,
  workspaceId: string,
  userId: string,
  now: Date,
): Promise<Member> {
  await db('members')
    .insert({ workspace_id: workspaceId, user_id: userId, role: 'member', added_at: now, changed_at: now })
    .onConflict(['workspace_id', 'user_id'])
    .merge({ left_at: null })
  return (await findMember(db, workspaceId, userId))!
}

async function isOnlyOwner(act: Act, workspaceId: string, userId: string): Promise<boolean> {
  const other = await act
    .trx('members')
    .where({ workspace_id: workspaceId, role: 'owner' })
    .whereNull('left_at')
    .whereNot({ user_id: userId })
    .first('user_id')
  return other === undefined
}

/**
 * Gives every member of a user group a role, or takes it back with null. Slack supplies the members. A call that
 * changes nothing leaves no record.
 */
export async function setGroupRole(
  act: Act,
  workspaceId: string,
  groupId: string,
  role: 'owner' | 'manager' | null,
  userIds: readonly string[],
): Promise<{ groupId: string } | Refusal> {
  const refusal = await authorise(act, 'role.set', { workspaceId })
  if (refusal) return refusal
  await lockWorkspace(act, workspaceId)
  const where = { workspace_id: workspaceId, group_id: groupId }
  const before = await act.trx('group_roles').where(where).first('role')
  if (role !== null && before?.role === role) await replaceMembers(act, workspaceId, groupId, userIds)
  if ((before?.role ?? null) === role) return { groupId }
  if (role === null) await act.trx('group_roles').where(where).delete()
  else {
    await act
      .trx('group_roles')
      .insert({ ...where, role, set_at: act.now })
      .onConflict(['workspace_id', 'group_id'])
      .merge({ role, set_at: act.now })
    await replaceMembers(act, workspaceId, groupId, userIds)
  }
  const details = { group: groupId, role, before: before?.role ?? null }
  await record(act, { event: 'group-role.set', workspaceId, details })
  return { groupId }
}

/** Updates the copy of a group's members in every workspace where the group gives a role. */
export async function refreshGroup(act: Act, groupId: string, userIds: readonly string[]): Promise<void> {
  const rows = await act
    .trx('group_roles')
    .where({ group_id: groupId })
    .orderBy('workspace_id')
    .select('workspace_id')
  for (const row of rows) {
    await lockWorkspace(act, row.workspace_id)
    await replaceMembers(act, row.workspace_id, groupId, userIds)
  }
}

async function replaceMembers(act: Act, workspaceId: string, groupId: string, userIds: readonly string[]) {
  const where = { workspace_id: workspaceId, group_id: groupId }
  await act.trx('group_members').where(where).whereNotIn('user_id', userIds).delete()
  if (userIds.length === 0) return
  const rows = userIds.map((user_id) => ({ ...where, user_id }))
  await act.trx('group_members').insert(rows).onConflict().ignore()
}

/**
 * Ends the role of a person who is no longer a full member of the team. The last owner's row stays for the operator
 * to see; they are refused all the same.
 */
export async function markDeparted(act: Act, workspaceId: string, userId: string): Promise<null> {
  await lockWorkspace(act, workspaceId)
  const where = { workspace_id: workspaceId, user_id: userId }
  await act.trx('group_members').where(where).delete()
  await act
    .trx('departures')
    .insert({ ...where, left_at: act.now })
    .onConflict()
    .ignore()
  const row = await act.trx('members').where(where).whereNull('left_at').first('role')
  if (!row) return null
  if (row.role === 'owner' && (await isOnlyOwner(act, workspaceId, userId))) {
    await act.trx('members').where(where).update({ left_at: act.now })
    return null
  }
  await act.trx('members').where(where).delete()
  if (row.role === 'member') return null
  const details = { user: userId, role: 'member', before: row.role, because: 'left the team' }
  await record(act, { event: 'role.set', workspaceId, details })
  return null
}

/** Restores the role of a last owner whose departure was a mistake. */
export async function restoreOwner(act: Act, workspaceId: string, userId: string): Promise<void> {
  await act
    .trx('members')
    .where({ workspace_id: workspaceId, user_id: userId, role: 'owner' })
    .whereNotNull('left_at')
    .update({ left_at: null })
}

/** Reverses `markDeparted` for a person who returned: their keys have an owner again. */
export async function markReturned(act: Act, workspaceId: string, userId: string): Promise<null> {
  await act.trx('departures').where({ workspace_id: workspaceId, user_id: userId }).delete()
  return null
}
