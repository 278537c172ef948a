import type { Executor } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Status } from '../keys/key.ts'
import type { Reason } from './offboarding.ts'

/** A key that a leaver has had to do with, as it stands before anything happens to it. */
export type Candidate = {
  id: string
  workspaceId: string
  workspace: string
  name: string
  description: string
  integration: string
  scopes: string[]
  hint: string | null
  status: Status
  ownerId: string
  expiresAt: Date | null
  endsAt: Date | null
  successorId: string | null
  reasons: Reason[]
  requests: number
  lastUsedAt: Date | null
}

const statement = `
  select l.user_id as leaver, k.id, k.workspace_id, w.name as workspace, k.name, k.description, k.integration, k.scopes, k.hint, k.status, k.owner_id, k.expires_at, k.ends_at, k.successor_id,
    array_remove(array[
      case when k.owner_id = l.user_id then 'owned' end,
      case when k.revealed_by = l.user_id then 'revealed' end,
      case when h.user_id is not null then 'held' end,
      case when k.created_by = l.user_id then 'created' end], null) as reasons,
    coalesce(u.requests, 0) as requests, u.last_used_at
  from unnest(:users::text[]) as l (user_id)
    cross join lateral (
      select id from keys where owner_id = l.user_id and status <> 'revoked'
      union select id from keys where revealed_by = l.user_id and status <> 'revoked'
      union select id from keys where created_by = l.user_id and status <> 'revoked'
      union select key_id from key_holders where user_id = l.user_id) c
    join keys k on k.id = c.id
    join workspaces w on w.id = k.workspace_id and w.account_id = :account
    left join key_holders h on h.key_id = k.id and h.user_id = l.user_id
    left join key_usage u on u.key_id = k.id
  where k.status <> 'revoked'
  order by k.workspace_id, k.id`

/** Every live key that this person owns, revealed, holds or made, in every workspace of the account. */
export const keysOfLeaver = async (db: Executor, accountId: string, userId: string): Promise<Candidate[]> =>
  keysOfLeavers(db, accountId, [userId])

/** The same of many, by id; a key that several have had to do with comes once for each. */
export async function keysOfLeavers(
  db: Executor,
  accountId: string,
  userIds: readonly string[],
): Promise<(Candidate & { leaver: string })[]> {
  const { rows } = await db.raw(statement, { account: accountId, users: [...userIds] })
  return rows.map(fromRow<Candidate & { leaver: string }>)
}
