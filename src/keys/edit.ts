import { record } from '../audit/record.ts'
import { violates } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { nameIsTaken } from './issue.ts'
import type { Key } from './key.ts'
import { fold, readName, tidy } from './name.ts'
import { keyColumns, lockKey, toKey } from './store.ts'

/** What may change on a key. Scopes and expiry never do: make a new key. */
export type Edit = { name: string; description: string; integration: string; ownerId: string }

/**
 * Changes a key's words or owner. `version` is what the editor saw: when somebody else was quicker, nothing is
 * overwritten. An edit that changes nothing leaves no trace.
 */
export async function edit(
  act: Act,
  workspaceId: string,
  keyId: string,
  wanted: Edit,
  version: number,
): Promise<Key | Refusal> {
  const found = await lockKey(act.trx, workspaceId, keyId)
  if (!found) return noSuchKey({ action: 'key.edit', keyId })
  const refusal = await authorise(act, 'key.edit', { workspaceId, ownerId: found.ownerId, keyId })
  if (refusal) return refusal
  if (found.status === 'revoked') return refuse('gone', 'This key was revoked meanwhile.')
  if (found.version !== version)
    return refuse('changed', 'It changed while this was open.', {
      next: 'Open it again to see how it is now.',
    })
  const next = readEdit(wanted)
  if (isRefusal(next)) return next
  const changes = difference(found, next)
  if (Object.keys(changes).length === 0) return found
  const row = await write(act, found, next)
  if (!row) return nameIsTaken(next.name)
  await record(act, { event: 'key.edited', workspaceId, keyId, details: { changes } })
  return row
}

/** The edit in the form it is kept, or what is wrong with it. Pure. */
export function readEdit(wanted: Edit): Edit | Refusal {
  const name = readName(wanted.name)
  if (isRefusal(name)) return name
  const description = tidy(wanted.description)
  if ([...description].length > 300)
    return refuse('invalid', 'Use at most 300 characters.', { field: 'description' })
  const integration = tidy(wanted.integration)
  if ([...integration].length > 80)
    return refuse('invalid', 'Use at most 80 characters.', { field: 'integration' })
  return { name, description, integration, ownerId: wanted.ownerId }
}

function difference(key: Key, next: Edit): Record<string, [string, string]> {
  const fields = ['name', 'description', 'integration', 'ownerId'] as const
  return Object.fromEntries(
    fields.filter((field) => key[field] !== next[field]).map((field) => [field, [key[field], next[field]]]),
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
          name_folded: fold(next.name),
          description: next.description,
          integration: next.integration,
          owner_id: next.ownerId,
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
