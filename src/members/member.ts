import type { Executor } from '../foundation/database.ts'

export const roles = ['owner', 'manager', 'member'] as const
export type Role = (typeof roles)[number]

/** A role as a sentence has it: "an owner". */
export const aRole = (role: string): string => `${role === 'owner' ? 'an' : 'a'} ${role}`

/**
 * A Slack user known to a workspace. `met`: Slack last listed them as a full member of the team. A user who is only
 * known through a user group may be a guest.
 */
export type Member = { workspaceId: string; userId: string; role: Role; met: boolean }

/**
 * A member's role is the highest of their own and those of their user groups. Written once, for every query about
 * roles.
 */
const effectiveIn = (workspace: string) => `
  select user_id, min(rank) as rank, min(added_at) as added_at, bool_or(met) as met from (
    select user_id, case role when 'owner' then 0 when 'manager' then 1 else 2 end as rank, added_at, true as met
      from members where workspace_id = ${workspace} and left_at is null
    union all
    select m.user_id, case g.role when 'owner' then 0 else 1 end, g.set_at, false
      from group_members m join group_roles g using (workspace_id, group_id)
      where workspace_id = ${workspace}
  ) granted`
const effective = effectiveIn(':workspace')
const ofUser = 'where user_id = :user group by user_id'

/** To be joined laterally with workspaces `w`: the `rank` and `met` of `:user` there, for `memberOf`. */
export const effectiveRole = `${effectiveIn('w.id')} ${ofUser}`

/** Reads a row of `effectiveRole`; undefined for a user unknown to the workspace. */
export const memberOf = (
  workspaceId: string,
  userId: string,
  row?: { rank: number | null; met: boolean | null },
): Member | undefined =>
  typeof row?.rank === 'number'
    ? { workspaceId, userId, role: roles[row.rank]!, met: row.met === true }
    : undefined

/** Finds a member with the current role; undefined for a user unknown to the workspace. */
export async function findMember(
  db: Executor,
  workspaceId: string,
  userId: string,
): Promise<Member | undefined> {
  const { rows } = await db.raw(`${effective} ${ofUser}`, { workspace: workspaceId, user: userId })
  return memberOf(workspaceId, userId, rows[0])
}

/** User ids of the people in charge, at most `limit`: owners first, then managers, earliest first. */
export async function inCharge(
  db: Executor,
  workspaceId: string,
  wanted: readonly Role[] = ['owner', 'manager'],
  limit = 3,
): Promise<string[]> {
  const { rows } = await db.raw(
    `${effective} group by user_id having min(rank) = any(:ranks) order by min(rank), min(added_at), user_id
     limit :limit`,
    { workspace: workspaceId, ranks: wanted.map((role) => roles.indexOf(role)), limit },
  )
  return rows.map((row: { user_id: string }) => row.user_id)
}

/** The workspaces of an account in which any of these people is known, through a user group or themselves. */
export async function membershipsOf(
  db: Executor,
  accountId: string,
  userIds: readonly string[],
): Promise<{ workspaceId: string; userId: string }[]> {
  const { rows } = await db.raw(
    `select distinct workspace_id, user_id from (
       select workspace_id, user_id from members where left_at is null
       union all select workspace_id, user_id from group_members) known
     join workspaces w on w.id = known.workspace_id and w.account_id = ?
     where user_id = any(?::text[]) order by workspace_id, user_id`,
    [accountId, [...userIds]],
  )
  return rows.map((row: { workspace_id: string; user_id: string }) => ({
    workspaceId: row.workspace_id,
    userId: row.user_id,
  }))
}
