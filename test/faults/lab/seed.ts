import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { generateToken, hashToken } from '../../../src/keys/token.ts'

const account = 'acc_lab'
export const labWorkspace = 'ws_lab'
export const serviceToken = 'kws_laboratory'

export type LabKey = { id: string; token: string }

const at = '2026-01-01T00:00:00Z'

/** An account with a workspace and a service token, without going through Slack. */
export async function seedAccount(client: pg.Client | pg.Pool): Promise<void> {
  await client.query(
    `insert into accounts (id, slack_team_id, name, created_at) values ($1, 'T1', 'Lab', $2)`,
    [account, at],
  )
  await client.query(
    `insert into workspaces (id, account_id, name, name_folded, created_at) values ($1, $2, 'Lab', 'lab', $3)`,
    [labWorkspace, account, at],
  )
  await client.query(
    `insert into service_tokens (id, account_id, name, hint, token_hash, created_by, created_at)
     values ('st_lab', $1, 'lab', 'kws_', $2, 'lab', $3)`,
    [account, hashToken(serviceToken), at],
  )
}

/**
 * Active keys that read, made behind the product's back: in bulk, and without the changes that an import would log.
 */
export async function seedKeys(client: pg.Client, count: number, name = 'k'): Promise<LabKey[]> {
  const keys = Array.from({ length: count }, (_, i) => {
    const token = generateToken('tml_', randomBytes).open()
    return { id: `key_${name}${String(i).padStart(7, '0')}`, token }
  })
  for (let from = 0; from < count; from += 20_000) {
    const part = keys.slice(from, from + 20_000)
    await client.query('begin')
    await client.query(`set local session_replication_role = replica`)
    await client.query(
      `insert into keys (id, workspace_id, name, name_folded, scopes, status, hint, token_hash, owner_id,
         created_by, created_at, revealed_by, revealed_at, status_changed_at, status_changed_by)
       select id, $1, id, id, '{read}', 'active', 'tml_', hash, 'U0LAB', 'U0LAB', $2, 'U0LAB', $2, $2, 'U0LAB'
       from unnest($3::text[], $4::bytea[]) as k(id, hash)`,
      [labWorkspace, at, part.map((key) => key.id), part.map((key) => hashToken(key.token))],
    )
    await client.query('commit')
  }
  return keys
}
