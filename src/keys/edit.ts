import { record } from '../audit/record.ts'
import { violates } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { nameIsTaken } from './issue.ts'
import type { Key } from './key.ts'
import { readLimit } from './limit.ts'
import { normaliseName, readName, readWords } from './name.ts'
import { readNetworks } from './networks.ts'
import { revokedAlready } from './revoked.ts'
import { keyColumns, lockKeyFor, toKey } from './store.ts'

/** The fields of a key that may change. Scopes and expiry never do: make a new key. */
export type Edit = Pick<
  Key,
  'name' | 'description' | 'integration' | 'ownerId' | 'allowedNetworks' | 'limitPerMinute'
>

/** An edit as it was typed. */
export type TypedEdit = Record<
  'name' | 'description' | 'integration' | 'ownerId' | 'networks' | 'limit',
  string
>

/**
 * Changes a key's words, owner, networks or limit. `version` is what the editor saw: when somebody else was quicker, nothing is
 * overwritten. An edit that changes nothing leaves no trace.
 */
export async function edit(
  act: Act,
  workspaceId: string,
  keyId: string,
  wanted: Edit,
  version: number,
): Promise<Key | Refusal> {
  const found = await lockKeyFor(act, 'key.edit', workspaceId, keyId)
  if (isRefusal(found)) return found
  if (found.status === 'revoked') return revokedAlready(found)
  if (found.version !== version)
    return refuse('changed', 'It changed while this was open.', {
      next: 'Open it again to see how it is now.',
    })
  const changes = difference(found, wanted)
  if (Object.keys(changes).length === 0) return found
  const row = await write(act, found, wanted)
  if (!row) return nameIsTaken(wanted.name)
  await record(act, { event: 'key.edited', workspaceId, keyId, details: { changes } })
  return row
}

/**
 * Whether an edit lets a key that has a token do less: with a lower limit, or from fewer networks. One network that lies
 * within another counts as less. Pure.
 */
export function narrows(before: Key, after: Key): boolean {
  if (after.status === 'unrevealed') return false
  const { allowedNetworks: networks, limitPerMinute: limit } = after
  const isSlower = limit !== null && (before.limitPerMinute === null || limit < before.limitPerMinute)
  const isHeld =
    networks.length > 0 &&
    (before.allowedNetworks.length === 0 || before.allowedNetworks.some((one) => !networks.includes(one)))
  return isSlower || isHeld
}

/** A typed edit in the form it is kept, or all that is wrong with it, each naming its field. Pure. */
export function readEdit(typed: TypedEdit): Edit | Refusal[] {
  const read = {
    name: readName(typed.name),
    description: readWords(typed.description, 300, 'description'),
    integration: readWords(typed.integration, 80, 'integration'),
    ownerId: typed.ownerId,
    allowedNetworks: readNetworks(typed.networks),
    limitPerMinute: readLimit(typed.limit),
  }
  const refusals = Object.values(read).filter(isRefusal)
  return refusals.length > 0 ? refusals : (read as Edit)
}

const fields = ['name', 'description', 'integration', 'ownerId', 'allowedNetworks', 'limitPerMinute'] as const

/** The changed fields for the audit, each with its old and new value. */
function difference(key: Key, next: Edit): Record<string, [unknown, unknown]> {
  const words = (value: unknown) => (Array.isArray(value) ? value.join(', ') : value)
  return Object.fromEntries(
    fields
      .map((field) => [field, [words(key[field]), words(next[field])]] as const)
      .filter(([, [before, after]]) => before !== after)
      .map(([field, [before, after]]) => [field, [before, after] as [unknown, unknown]]),
  )
}

/** Undefined when the name belongs to another live key. */
async function write(act: Act, found: Key, next: Edit): Promise<Key | undefined> {
  try {
    const [row] = await act.trx.transaction((savepoint) =>
      savepoint('keys')
        .where({ id: found.id, version: found.version })
        .update({
          name: next.name,
          name_folded: normaliseName(next.name),
          description: next.description,
          integration: next.integration,
          owner_id: next.ownerId,
          allowed_networks: next.allowedNetworks,
          limit_per_minute: next.limitPerMinute,
          version: found.version + 1,
        })
        .returning(keyColumns),
    )
    return toKey(row)
  } catch (error) {
    if (violates(error, 'keys_one_live_name')) return undefined
    throw error
  }
}
