import { recordAll } from '../audit/record.ts'
import { type Executor, violates } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise } from '../policy/authorise.ts'
import type { Adoption } from './adoption.ts'
import { normaliseName } from './name.ts'

/** A key whose token or name is taken already. */
export type Taken = {
  id: string
  name: string
  nameFolded: string
  tokenHash: Buffer | null
  status: string
  workspaceId: string
  workspaceName: string
}

/** The keys that have one of these tokens, anywhere, or hold one of these names in the workspace. */
export async function takenBy(
  db: Executor,
  workspaceId: string,
  adoptions: readonly Adoption[],
): Promise<Taken[]> {
  const rows = await db('keys')
    .join('workspaces', 'workspaces.id', 'keys.workspace_id')
    .whereRaw('keys.token_hash = any(?)', [adoptions.map(({ tokenHash }) => tokenHash)])
    .orWhere((query) =>
      query
        .where('keys.workspace_id', workspaceId)
        .whereRaw('keys.name_folded = any(?)', [adoptions.map(({ name }) => normaliseName(name))])
        .whereNot('keys.status', 'revoked')
        .whereNull('keys.successor_id'),
    )
    .select('keys.*', 'workspaces.name as workspace_name')
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    nameFolded: row.name_folded,
    tokenHash: row.token_hash,
    status: row.status,
    workspaceId: row.workspace_id,
    workspaceName: row.workspace_name,
  }))
}

const batch = 500

/**
 * Adopts keys that exist elsewhere: active at once, known by the hash of their token, which may have any form. All of
 * them or none.
 */
export async function adopt(
  act: Act,
  workspaceId: string,
  adoptions: readonly Adoption[],
  random: Random,
): Promise<{ ids: string[] } | Refusal> {
  const refusal = await authorise(act, 'key.issue', { workspaceId })
  if (refusal) return refusal
  const rows = adoptions.map((adoption) => rowOf(act, workspaceId, adoption, random))
  try {
    for (let i = 0; i < rows.length; i += batch) await act.trx('keys').insert(rows.slice(i, i + batch))
  } catch (error) {
    if (!violates(error, 'keys_one_live_name') && !violates(error, 'keys_token_hash_key')) throw error
    return refuse('changed', 'A name or token of the file was taken in this moment. Nothing was imported.', {
      next: 'Run it again.',
    })
  }
  await recordAll(
    act,
    rows.map((row) => ({
      event: 'key.imported',
      workspaceId: workspaceId,
      keyId: row.id,
      details: {
        name: row.name,
        hint: row.hint,
        scopes: row.scopes,
        owner: row.owner_id,
        expiresAt: row.expires_at,
        createdAt: row.created_at,
      },
    })),
  )
  return { ids: rows.map(({ id }) => id) }
}

const rowOf = (act: Act, workspaceId: string, adoption: Adoption, random: Random) => ({
  id: newId('key', random),
  workspace_id: workspaceId,
  name: adoption.name,
  name_folded: normaliseName(adoption.name),
  description: adoption.description,
  integration: adoption.integration,
  scopes: adoption.scopes,
  allowed_networks: adoption.allowedNetworks,
  limit_per_minute: adoption.limitPerMinute,
  status: 'active',
  hint: adoption.hint,
  token_hash: adoption.tokenHash,
  owner_id: adoption.owner,
  created_by: actorName(act.actor),
  created_at: adoption.createdAt,
  // Its age counts from when it came into the world, for rotation too.
  revealed_at: adoption.createdAt,
  lifetime_days: lifetimeDays(adoption),
  expires_at: adoption.expiresAt,
  status_changed_at: act.now,
  status_changed_by: actorName(act.actor),
})

/** A successor will live as long as this key was meant to. */
const lifetimeDays = ({ createdAt, expiresAt }: Adoption): number | null =>
  expiresAt && Math.max(1, Math.round((expiresAt.getTime() - createdAt.getTime()) / dayMs))
