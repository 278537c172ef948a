import type { World } from '../foundation/world.ts'
import type { Scope } from '../keys/scope.ts'
import { keyColumns, toKey } from '../keys/store.ts'
import { hashToken, isWellFormed } from '../keys/token.ts'
import { countRequest } from '../usage/count.ts'
import { type Asked, type Code, decide } from './decide.ts'

export type Verdict =
  | { valid: true; code: 'VALID'; keyId: string; workspace: string; scopes: Scope[] }
  | { valid: false; code: Exclude<Code, 'VALID'>; keyId?: string; workspace?: string }

/**
 * Is this key good for this request? Only keys of the asking account are known. Each request of a known key is
 * counted, whatever the verdict, before the answer is given.
 * @throws when the database cannot be asked; the door answers 503
 */
export async function verify(
  world: Pick<World, 'db' | 'clock' | 'config'>,
  accountId: string,
  presented: string,
  asked: Asked,
): Promise<Verdict> {
  if (!(await mayBeAToken(world, accountId, presented))) return { valid: false, code: 'MALFORMED' }
  const row = await world
    .db('keys')
    .join('workspaces', 'workspaces.id', 'keys.workspace_id')
    .where({ token_hash: hashToken(presented), account_id: accountId })
    .first(keyColumns.map((column) => `keys.${column}`))
  if (!row) return { valid: false, code: 'NOT_FOUND' }
  const key = toKey(row)
  const now = world.clock.now()
  const code = decide(key, asked, now)
  await countRequest(world.db, key.id, now)
  const { id: keyId, workspaceId: workspace, scopes } = key
  // A caller who asked about another workspace learns nothing about this one.
  if (code === 'WRONG_WORKSPACE') return { valid: false, code }
  return code === 'VALID'
    ? { valid: true, code, keyId, workspace, scopes }
    : { valid: false, code, keyId, workspace }
}

/** Noise is dropped by its form before any look-up, except where adopted keys have forms of their own. */
async function mayBeAToken(
  world: Pick<World, 'db' | 'config'>,
  accountId: string,
  presented: string,
): Promise<boolean> {
  if (isWellFormed(presented, world.config.tokenPrefix)) return true
  const account = await world.db('accounts').where({ id: accountId }).first('foreign_tokens')
  return account?.foreign_tokens === true
}
