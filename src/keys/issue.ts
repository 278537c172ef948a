import { record } from '../audit/record.ts'
import { violates } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise } from '../policy/authorise.ts'
import type { Policy } from '../policy/policy.ts'
import type { Key } from './key.ts'
import { readExpiry } from './lifetime.ts'
import { readLimit } from './limit.ts'
import { normaliseName, readName, readWords } from './name.ts'
import { readNetworks } from './networks.ts'
import { isScope, type Scope } from './scope.ts'
import { keyColumns, toKey } from './store.ts'

/** A key as a person typed it. */
export type KeyDraft = {
  name: string
  description: string
  integration: string
  scopes: string[]
  /** days; blank for none */
  expiresInDays: string
  /** addresses and networks; blank for anywhere */
  networks?: string
  /** requests per minute; blank for no limit */
  limit?: string
  ownerId: string
}

/** A draft that follows every rule which needs no database. */
export type KeyRequest = Pick<KeyDraft, 'name' | 'description' | 'integration' | 'ownerId'> & {
  scopes: Scope[]
  lifetimeDays: number | null
  allowedNetworks: string[]
  limitPerMinute: number | null
}

/** Checks a draft against form and policy; all refusals at once, each naming its field. Pure. */
export function readDraft(draft: KeyDraft, policy: Policy): KeyRequest | Refusal[] {
  const read = {
    name: readName(draft.name),
    description: readWords(draft.description, 300, 'description'),
    integration: readWords(draft.integration, 80, 'integration'),
    scopes: readScopes(draft.scopes),
    lifetimeDays: readExpiry(draft.expiresInDays, draft.scopes, policy),
    allowedNetworks: readNetworks(draft.networks ?? ''),
    limitPerMinute: readLimit(draft.limit ?? ''),
    ownerId: draft.ownerId,
  }
  const refusals = Object.values(read).filter(isRefusal)
  return refusals.length > 0 ? refusals : (read as KeyRequest)
}

/** The chosen scopes, or why not. Pure. */
export function readScopes(chosen: string[]): Scope[] | Refusal {
  const unknown = chosen.filter((scope) => !isScope(scope))
  if (unknown.length > 0)
    return refuse('invalid', `There is no scope called ${unknown[0]!.slice(0, 40)}.`, { field: 'scopes' })
  if (chosen.length === 0) return refuse('invalid', 'Choose at least one scope.', { field: 'scopes' })
  return [...new Set(chosen.filter(isScope))]
}

/**
 * Creates the key without a token: `unrevealed`, unable to verify, its expiry not yet counting. A name that a
 * live key has is refused on the name's field.
 */
export async function issue(
  act: Act,
  workspaceId: string,
  request: KeyRequest,
  random: Random,
): Promise<Key | Refusal> {
  const refusal = await authorise(act, 'key.issue', { workspaceId })
  if (refusal) return refusal
  const row = {
    id: newId('key', random),
    workspace_id: workspaceId,
    name: request.name,
    name_folded: normaliseName(request.name),
    description: request.description,
    integration: request.integration,
    scopes: request.scopes,
    allowed_networks: request.allowedNetworks,
    limit_per_minute: request.limitPerMinute,
    status: 'unrevealed',
    owner_id: request.ownerId,
    created_by: act.actor.id,
    created_at: act.now,
    lifetime_days: request.lifetimeDays,
    status_changed_at: act.now,
    status_changed_by: actorName(act.actor),
  }
  const rows = await act.trx
    .transaction((savepoint) => savepoint('keys').insert(row).returning(keyColumns))
    .catch((error) => {
      if (violates(error, 'keys_one_live_name')) return undefined
      throw error
    })
  if (!rows) return nameIsTaken(request.name)
  await record(act, {
    event: 'key.issued',
    workspaceId,
    keyId: row.id,
    details: { name: row.name, scopes: row.scopes, lifetimeDays: row.lifetime_days, owner: row.owner_id },
  })
  return toKey(rows[0])
}

export const nameIsTaken = (name: string): Refusal =>
  refuse('duplicate', say`${{ name }} exists.`, { next: 'Choose another name or rotate it.', field: 'name' })
