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
  select k.id, k.workspace_id, w.name as workspace, k.name, k.description, k.integration, k.scopes, k.hint, k.status, k.owner_id, k.expires_at, k.ends_at, k.successor_id,
    array_remove(array[
      case when k.owner_id = :user then 'owned' end,
      case when k.revealed_by = :user then 'revealed' end,
      case when h.user_id is not null then 'held' end,
      case when k.created_by = :user then 'created' end], null) as reasons,
    coalesce(u.requests, 0) as requests, u.last_used_at
  from keys k
    join workspaces w on w.id = k.workspace_id and w.account_id = :account
    left join key_holders h on h.key_id = k.id and h.user_id = :user
    left join key_usage u on u.key_id = k.id
  where k.status <> 'revoked' and k.id in (
    select id from keys where owner_id = :user and status <> 'revoked'
    union select id from keys where revealed_by = :user and status <> 'revoked'
    union select id from keys where created_by = :user and status <> 'revoked'
    union select key_id from key_holders where user_id = :user)
  order by k.workspace_id, k.id`

/** Every live key that this person owns, revealed, holds or made, in every workspace of the account. */
export async function keysOfLeaver(db: Executor, accountId: string, userId: string): Promise<Candidate[]> {
  const { rows } = await db.raw(statement, { account: accountId, user: userId })
  return rows.map(fromRow<Candidate>)
}
