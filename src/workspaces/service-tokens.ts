import { createHash } from 'node:crypto'
import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'

const serviceTokenPrefix = 'kws_'

/** The one right of a service token: to ask verifiers, or to report leaks. */
export const serviceTokenRights = ['verify', 'leaks'] as const
export type ServiceTokenRight = (typeof serviceTokenRights)[number]

export type ServiceToken = {
  id: string
  name: string
  hint: string
  may: ServiceTokenRight
  createdAt: Date
  revokedAt: Date | null
}

const hash = (secret: string) => createHash('sha256').update(secret).digest()

/** Creates a credential for the platform, or for a scanner of leaks. The secret is only ever in this result. */
export async function createServiceToken(
  act: Act,
  account: { id: string; workspaceId: string },
  name: string,
  random: Random,
  may: ServiceTokenRight = 'verify',
): Promise<{ id: string; secret: string } | Refusal> {
  const tidy = name.trim()
  if (tidy === '' || [...tidy].length > 80)
    return refuse('invalid', 'A service token needs a name of 1 to 80 characters, such as "platform api".')
  const secret = serviceTokenPrefix + Buffer.from(random(30)).toString('base64url').replace(/[-_]/g, 'x')
  const id = newId('st', random)
  await act.trx('service_tokens').insert({
    id,
    account_id: account.id,
    name: tidy,
    hint: `${secret.slice(0, 8)}...`,
    token_hash: hash(secret),
    may,
    created_by: act.actor.id,
    created_at: act.now,
  })
  const details = { id, name: tidy, may }
  await record(act, { event: 'service-token.created', workspaceId: account.workspaceId, details })
  return { id, secret }
}

/** The account's service tokens, newest first, at most a hundred. */
export async function listServiceTokens(db: Executor, accountId: string): Promise<ServiceToken[]> {
  const rows = await db('service_tokens')
    .where({ account_id: accountId })
    .orderBy('created_at', 'desc')
    .limit(100)
    .select('id', 'name', 'hint', 'may', 'created_at', 'revoked_at')
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    hint: row.hint,
    may: row.may,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  }))
}

/** The scanner whose live service token this is; undefined for any other text. */
export async function findScanner(
  db: Executor,
  secret: string,
): Promise<{ id: string; accountId: string } | undefined> {
  const row = await db('service_tokens')
    .where({ token_hash: hash(secret), may: 'leaks' })
    .whereNull('revoked_at')
    .first('id', 'account_id')
  return row && { id: row.id, accountId: row.account_id }
}

/** Revokes a service token: it is refused from the next request on. */
export async function revokeServiceToken(
  act: Act,
  account: { id: string; workspaceId: string },
  id: string,
): Promise<{ id: string } | Refusal> {
  const rows = await act
    .trx('service_tokens')
    .where({ id, account_id: account.id })
    .whereNull('revoked_at')
    .update({ revoked_at: act.now })
    .returning('id')
  if (rows.length === 0)
    return refuse('not_found', `There is no live service token ${id}.`, {
      next: say`See ${{ code: 'keywarden service-token list' }}.`,
    })
  await record(act, { event: 'service-token.revoked', workspaceId: account.workspaceId, details: { id } })
  return { id }
}
