import { createHash } from 'node:crypto'
import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { SealingKeys } from '../foundation/seal.ts'
import type { World } from '../foundation/world.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise } from '../policy/authorise.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { openSecret, storeSecret, unreadableSentence } from './secrets.ts'

/** How another system speaks to us: a directory with a bearer token, or an HR system that signs. */
export type ConnectionKind = 'scim' | 'webhook'

export type Connection = {
  id: string
  accountId: string
  workspaceId: string
  kind: ConnectionKind
  hint: string
  createdBy: string
  createdAt: Date
  lastUsedAt: Date | null
}

const prefixes: Record<ConnectionKind, string> = { scim: 'kwd_', webhook: 'kwh_' }

const hash = (secret: string) => createHash('sha256').update(secret).digest()

/** Makes a credential for another system. The secret is in the answer, to be shown once. */
export async function makeConnection(
  act: Act,
  workspace: Workspace,
  kind: ConnectionKind,
  { random, config }: Pick<World, 'random' | 'config'>,
): Promise<{ connection: Connection; secret: string } | Refusal> {
  const refusal = await authorise(act, 'connection.make', { workspaceId: workspace.id })
  if (refusal) return refusal
  const id = newId('con', random)
  const secret = prefixes[kind] + Buffer.from(random(30)).toString('base64url').replace(/[-_]/g, 'x')
  const [row] = await act
    .trx('connections')
    .insert({
      id,
      account_id: workspace.accountId,
      workspace_id: workspace.id,
      kind,
      hint: `${secret.slice(0, 8)}...`,
      token_hash: kind === 'scim' ? hash(secret) : null,
      // A signature can only be checked with the secret itself.
      ...(kind === 'webhook' ? storeSecret({ id, secret }, config.secretKeys, random) : {}),
      created_by: actorName(act.actor),
      created_at: act.now,
    })
    .returning('*')
  const details = { id: row.id, kind }
  await record(act, { event: 'connection.made', workspaceId: workspace.id, details })
  return { connection: toConnection(row), secret }
}

/** Ends a credential; its next request is refused. */
export async function revokeConnection(
  act: Act,
  workspace: Workspace,
  id: string,
): Promise<Connection | Refusal> {
  const refusal = await authorise(act, 'connection.make', { workspaceId: workspace.id })
  if (refusal) return refusal
  const [row] = await act
    .trx('connections')
    .where({ id, account_id: workspace.accountId })
    .whereNull('revoked_at')
    .update({ revoked_at: act.now, revoked_by: actorName(act.actor), secret: null, secret_key_id: null })
    .returning('*')
  if (!row) return refuse('already', 'That connection was revoked already.')
  const details = { id, kind: row.kind }
  await record(act, { event: 'connection.revoked', workspaceId: workspace.id, details })
  return toConnection(row)
}

/** The live credentials of an account, newest first, at most twenty. */
export async function listConnections(db: Executor, accountId: string): Promise<Connection[]> {
  const rows = await db('connections')
    .where({ account_id: accountId })
    .whereNull('revoked_at')
    .orderBy('created_at', 'desc')
    .limit(20)
  return rows.map(toConnection)
}

/** Whose bearer token that is, while it is good. */
export async function connectionOfToken(
  db: Executor,
  token: string,
  now: Date,
): Promise<Connection | undefined> {
  const [row] = await db('connections')
    .where({ kind: 'scim', token_hash: hash(token) })
    .whereNull('revoked_at')
    .update({ last_used_at: now })
    .returning('*')
  return row && toConnection(row)
}

/**
 * The connection with that id and the secret it signs with, while it is good.
 * @throws Error when the secret cannot be opened with the keys of this process
 */
export async function signingConnection(
  db: Executor,
  id: string,
  keys: SealingKeys,
): Promise<{ connection: Connection; secret: string } | undefined> {
  const row = await db('connections').where({ id, kind: 'webhook' }).whereNull('revoked_at').first()
  if (!row) return undefined
  const secret = openSecret(keys, row.id, row)
  if (secret === undefined) throw new Error(unreadableSentence([row.secret_key_id]))
  return { connection: toConnection(row), secret }
}

const toConnection = (row: Record<string, never>): Connection => ({
  id: row.id!,
  accountId: row.account_id!,
  workspaceId: row.workspace_id!,
  kind: row.kind!,
  hint: row.hint!,
  createdBy: row.created_by!,
  createdAt: row.created_at!,
  lastUsedAt: row.last_used_at ?? null,
})

/** Notes that a connection was used now. */
export async function markConnectionUsed(act: Act, id: string): Promise<void> {
  await act.trx('connections').where({ id }).update({ last_used_at: act.now })
}
