import type { Executor } from '../foundation/database.ts'

export const roles = ['owner', 'manager', 'member'] as const
export type Role = (typeof roles)[number]

/** A Slack user known to a workspace. */
export type Member = { workspaceId: string; userId: string; role: Role }

/** The member's row, or undefined for someone the workspace has not met. */
export async function findMember(
  db: Executor,
  workspaceId: string,
  userId: string,
): Promise<Member | undefined> {
  const row = await db('members').where({ workspace_id: workspaceId, user_id: userId }).first('role')
  return row && { workspaceId, userId, role: row.role }
}

/** Remembers someone as a plain member at first contact; whoever is already known keeps their role. */
export async function meetMember(
  db: Executor,
  workspaceId: string,
  userId: string,
  now: Date,
): Promise<Member> {
  await db('members')
    .insert({ workspace_id: workspaceId, user_id: userId, role: 'member', added_at: now, changed_at: now })
    .onConflict()
    .ignore()
  return (await findMember(db, workspaceId, userId))!
}

/** Owners first, then managers, longest-standing first: whom to ask. At most `limit` user ids. */
export async function inCharge(db: Executor, workspaceId: string, limit = 3): Promise<string[]> {
  const rows = await db('members')
    .where({ workspace_id: workspaceId })
    .whereIn('role', ['owner', 'manager'])
    .orderByRaw(`role = 'owner' desc, added_at, user_id`)
    .limit(limit)
    .select('user_id')
  return rows.map((row) => row.user_id)
}
