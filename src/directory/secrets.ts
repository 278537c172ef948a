import type { Executor } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import { type SealingKeys, seal, unseal } from '../foundation/seal.ts'

/** The secret of a webhook as it is stored; without a key it is plain. */
export type StoredSecret = { secret: string; secret_key_id: string | null }

const purpose = (connectionId: string) => `webhook ${connectionId}`

/** The form in which the secret of a webhook is stored. */
export function storeSecret(
  { id, secret }: { id: string; secret: string },
  keys: SealingKeys,
  random: Random,
): StoredSecret {
  const sealed = seal(keys, secret, purpose(id), random)
  return sealed ? { secret: sealed.text, secret_key_id: sealed.keyId } : { secret, secret_key_id: null }
}

/** The secret; undefined when it cannot be opened with these keys. */
export const openSecret = (
  keys: SealingKeys,
  connectionId: string,
  { secret, secret_key_id }: StoredSecret,
): string | undefined =>
  secret_key_id === null
    ? secret
    : unseal(keys, { keyId: secret_key_id, text: secret }, purpose(connectionId))

const maxSecrets = 1_000

/** The newest live webhooks, up to a thousand: how many are stored plain, and the keys of those that cannot be opened. */
export async function inspectSecrets(
  db: Executor,
  keys: SealingKeys,
): Promise<{ plain: number; sealed: number; unreadable: string[] }> {
  const rows = await liveSecrets(db)
  const isPlain = (row: StoredSecret) => row.secret_key_id === null
  const unreadable = rows.filter((row) => openSecret(keys, row.id, row) === undefined)
  return {
    plain: rows.filter(isPlain).length,
    sealed: rows.filter((row) => !isPlain(row)).length,
    unreadable: [...new Set(unreadable.map((row) => row.secret_key_id!))],
  }
}

/** Says in one sentence that secrets cannot be opened, and what to do. */
export const unreadableSentence = (keyIds: readonly string[]): string =>
  `Secrets of webhooks cannot be opened: KEYWARDEN_SECRET_KEYS does not have the key ${keyIds.join(', ')} that they were encrypted with; name it again, after the newer one.`

/** Brings every secret that can be opened under the first key. @returns how many were not */
export async function resealSecrets(db: Executor, keys: SealingKeys, random: Random): Promise<number> {
  const [first] = keys
  if (!first) return 0
  const rows = await liveSecrets(db)
  let resealed = 0
  for (const row of rows) {
    if (row.secret_key_id === first.id) continue
    const secret = openSecret(keys, row.id, row)
    if (secret === undefined) continue
    // Another process may be doing the same, or an owner ending the connection.
    resealed += await db('connections')
      .where({ id: row.id, secret: row.secret })
      .update(storeSecret({ id: row.id, secret }, keys, random))
  }
  return resealed
}

const liveSecrets = (db: Executor): Promise<(StoredSecret & { id: string })[]> =>
  db('connections')
    .where({ kind: 'webhook' })
    .whereNull('revoked_at')
    .orderBy('created_at', 'desc')
    .limit(maxSecrets)
    .select('id', 'secret', 'secret_key_id')
