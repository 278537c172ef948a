import type { Executor } from '../foundation/database.ts'

export type Preferences = { workspaceId: string | null; homeShows: 'mine' | 'all' }

/** A person's saved choices, or the defaults. */
export async function readPreferences(db: Executor, accountId: string, userId: string): Promise<Preferences> {
  const row = await db('preferences')
    .where({ account_id: accountId, user_id: userId })
    .first('workspace_id', 'home_shows')
  return { workspaceId: row?.workspace_id ?? null, homeShows: row?.home_shows ?? 'mine' }
}

/** Saves choices; absent ones stay as they were. */
export async function savePreferences(
  db: Executor,
  accountId: string,
  userId: string,
  choice: Partial<{ workspaceId: string; homeShows: 'mine' | 'all'; homeSeenAt: Date }>,
): Promise<void> {
  const columns = {
    ...(choice.workspaceId ? { workspace_id: choice.workspaceId } : {}),
    ...(choice.homeShows ? { home_shows: choice.homeShows } : {}),
    ...(choice.homeSeenAt ? { home_seen_at: choice.homeSeenAt } : {}),
  }
  await db('preferences')
    .insert({ account_id: accountId, user_id: userId, ...columns })
    .onConflict(['account_id', 'user_id'])
    .merge(columns)
}

/** Users who opened Home since then, latest first, at most `limit`. */
export async function recentHomes(
  db: Executor,
  accountId: string,
  since: Date,
  limit: number,
): Promise<string[]> {
  const rows = await db('preferences')
    .where({ account_id: accountId })
    .where('home_seen_at', '>', since)
    .orderBy('home_seen_at', 'desc')
    .limit(limit)
    .select('user_id')
  return rows.map((row) => row.user_id)
}
