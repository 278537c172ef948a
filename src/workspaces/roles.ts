import { type AuditEvent, record } from '../audit/record.ts'
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

/** The user groups that give a role anywhere in the account. */
export const groupsWithRole = (db: Executor, accountId: string): Promise<string[]> =>
  db('group_roles')
    .join('workspaces', 'workspaces.id', 'group_roles.workspace_id')
    .where({ account_id: accountId })
    .distinct('group_id')
    .orderBy('group_id')
    .pluck('group_id')

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

type Departed = { workspaceId: string; userId: string }

/**
 * Ends the roles of people who are no longer full members of the team. The last owner's row stays for the operator
 * to see; they are refused all the same. Workspaces are locked in the order of their ids. The caller's act records the
 * events.
 * @returns also who stays somewhere as its last owner
 */
export async function markAllDeparted(
  act: Act,
  departed: readonly Departed[],
): Promise<{ events: AuditEvent[]; lastOwners: Departed[] }> {
  const { trx, now } = act
  const all = JSON.stringify(departed)
  const those = `jsonb_to_recordset(?) as d ("workspaceId" text, "userId" text)`
  await trx('workspaces')
    .whereIn('id', [...new Set(departed.map(({ workspaceId }) => workspaceId))])
    .orderBy('id')
    .forNoKeyUpdate()
    .select('id')
  await trx.raw(
    `delete from group_members g using ${those} where g.workspace_id = d."workspaceId" and g.user_id = d."userId"`,
    [all],
  )
  await trx.raw(
    `insert into departures (workspace_id, user_id, left_at)
     select "workspaceId", "userId", ? from ${those} order by 1, 2 on conflict do nothing`,
    [now, all],
  )
  const { rows } = await trx.raw(
    `select m.workspace_id as "workspaceId", m.user_id as "userId", m.role, m.left_at as "leftAt"
     from members m join ${those} on m.workspace_id = d."workspaceId" and m.user_id = d."userId" order by 1, 2`,
    [all],
  )
  const ended: { events: AuditEvent[]; lastOwners: Departed[] } = { events: [], lastOwners: [] }
  for (const { workspaceId, userId, role, leftAt } of rows as (Departed & {
    role: Role
    leftAt: Date | null
  })[]) {
    const member = trx('members').where({ workspace_id: workspaceId, user_id: userId })
    if (leftAt || (role === 'owner' && (await isOnlyOwner(act, workspaceId, userId)))) {
      if (!leftAt) await member.update({ left_at: now })
      if (role === 'owner') ended.lastOwners.push({ workspaceId, userId })
      if (role === 'owner') await noteEndedRole(act, { workspaceId, userId }, role)
      continue
    }
    await member.delete()
    if (role === 'member') continue
    await noteEndedRole(act, { workspaceId, userId }, role)
    const details = { user: userId, role: 'member', before: role, because: 'left the team' }
    ended.events.push({ event: 'role.set', workspaceId, details })
  }
  return ended
}

/** An undo gives this role back. */
async function noteEndedRole({ trx }: Act, { workspaceId, userId }: Departed, role: Role): Promise<void> {
  await trx('departures').where({ workspace_id: workspaceId, user_id: userId }).update({ role })
}

/** The roles that ended with a person's departure, by workspace; not those that they had as a member. */
export async function endedRolesOf(
  db: Executor,
  workspaceIds: readonly string[],
  userId: string,
): Promise<Map<string, Role>> {
  const rows = await db('departures')
    .whereIn('workspace_id', [...workspaceIds])
    .where({ user_id: userId })
    .whereNotNull('role')
    .select('workspace_id', 'role')
  return new Map(rows.map((row) => [row.workspace_id, row.role]))
}

/** Whether what role a person had there has ended with their departure, and they have not returned since. */
export async function hasDeparted(db: Executor, workspaceId: string, userId: string): Promise<boolean> {
  const row = await db('departures').where({ workspace_id: workspaceId, user_id: userId }).first('user_id')
  return row !== undefined
}

/**
 * Restores the role of a person whose departure was a mistake, which ends with `markReturned`. The caller holds the
 * workspace. The row of a last owner has stayed.
 */
export async function restoreRole(act: Act, workspaceId: string, userId: string, role: Role): Promise<void> {
  const row = { workspace_id: workspaceId, user_id: userId, role, changed_at: act.now }
  await act
    .trx('members')
    .insert({ ...row, added_at: act.now })
    .onConflict(['workspace_id', 'user_id'])
    .merge({ role, changed_at: act.now, left_at: null })
  const details = { user: userId, role, before: 'member', because: 'the offboarding was undone' }
  await record(act, { event: 'role.set', workspaceId, details })
}

/** Reverses `markAllDeparted` for a person who returned: their keys have an owner again. */
export async function markReturned(act: Act, workspaceIds: readonly string[], userId: string): Promise<null> {
  await act
    .trx('departures')
    .whereIn('workspace_id', [...workspaceIds])
    .where({ user_id: userId })
    .delete()
  return null
}
