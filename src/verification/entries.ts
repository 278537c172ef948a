import type { Status } from '../keys/key.ts'
import { parseNetworks } from '../keys/networks.ts'
import type { Scope } from '../keys/scope.ts'
import type { Countable } from '../usage/counter.ts'
import { type KeyFacts, scopeBits } from './decide.ts'
import type { Parents, Workspace } from './parents.ts'

/** A key as a verifier remembers it: what verdicts need, and nothing a person calls it. */
export type RememberedKey = KeyFacts &
  Countable & {
    workspace: Workspace
    scopes: readonly Scope[]
    limitPerMinute: number | null
  }

export type KeyRow = {
  token_hash: Buffer
  id: string
  workspace_id: string
  account_id: string
  is_suspended: boolean
  status: Status
  scopes: Scope[]
  works_until: Date | null
  allowed_networks: string[]
  limit_per_minute: number | null
}

export const keyStatement = {
  name: 'keys by hash',
  text: `select k.token_hash, k.id, k.workspace_id, w.account_id, k.status, k.scopes, k.works_until,
      k.allowed_networks, k.limit_per_minute,
      w.suspended_at is not null or a.suspended_at is not null as is_suspended
    from keys k join workspaces w on w.id = k.workspace_id join accounts a on a.id = w.account_id
    where k.token_hash = any($1::bytea[])`,
}

// A few distinct lists of scopes serve all keys.
const scopeLists = new Map<string, readonly Scope[]>()
function shared(scopes: Scope[]): readonly Scope[] {
  const name = scopes.join()
  const list = scopeLists.get(name) ?? scopes
  scopeLists.set(name, list)
  return list
}

const moment = (at: Date | null) => at?.getTime() ?? Number.POSITIVE_INFINITY

export const toRemembered = (row: KeyRow, parents: Parents): RememberedKey => ({
  id: row.id,
  workspace: parents.workspace(row.workspace_id, row.account_id, row.is_suspended),
  status: row.status,
  scopes: shared(row.scopes),
  scopeBits: scopeBits(row.scopes),
  overAtMs: moment(row.works_until),
  networks: row.allowed_networks.length > 0 ? parseNetworks(row.allowed_networks) : null,
  limitPerMinute: row.limit_per_minute,
  tally: undefined,
})

/** The account that a service token authenticates. */
export type Account = {
  id: string
  /** whether some of its keys were adopted, so that a token may have any form */
  hasForeignTokens: boolean
}

export type ServiceTokenRow = { token_hash: Buffer; account_id: string; foreign_tokens: boolean }

export const serviceTokenStatement = {
  name: 'service tokens by hash',
  text: `select t.token_hash, t.account_id, a.foreign_tokens
    from service_tokens t join accounts a on a.id = t.account_id
    where t.token_hash = any($1::bytea[]) and t.revoked_at is null and t.may = 'verify'`,
}
