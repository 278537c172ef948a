import type { Knex } from 'knex'
import type { Executor, Transaction } from '../foundation/database.ts'
import type { Key, KeyWithUsage } from './key.ts'

export const keyColumns = [
  'id',
  'workspace_id',
  'name',
  'description',
  'integration',
  'scopes',
  'allowed_networks',
  'limit_per_minute',
  'status',
  'hint',
  'owner_id',
  'created_by',
  'created_at',
  'revealed_by',
  'revealed_at',
  'saved_at',
  'lifetime_days',
  'expires_at',
  'ends_at',
  'status_changed_at',
  'status_changed_by',
  'version',
  'predecessor_id',
  'successor_id',
] as const

type Row = Record<(typeof keyColumns)[number], never>

/** A row of `keys` as a Key. */
export const toKey = (row: Row): Key => ({
  id: row.id,
  workspaceId: row.workspace_id,
  name: row.name,
  description: row.description,
  integration: row.integration,
  scopes: row.scopes,
  allowedNetworks: row.allowed_networks,
  limitPerMinute: row.limit_per_minute,
  status: row.status,
  hint: row.hint,
  ownerId: row.owner_id,
  createdBy: row.created_by,
  createdAt: row.created_at,
  revealedBy: row.revealed_by,
  revealedAt: row.revealed_at,
  savedAt: row.saved_at,
  lifetimeDays: row.lifetime_days,
  expiresAt: row.expires_at,
  endsAt: row.ends_at,
  statusChangedAt: row.status_changed_at,
  statusChangedBy: row.status_changed_by,
  version: row.version,
  predecessorId: row.predecessor_id,
  successorId: row.successor_id,
})

/** The workspace's key with that id, locked until the transaction ends; undefined when it has none. */
export async function lockKey(trx: Transaction, workspaceId: string, id: string): Promise<Key | undefined> {
  const row = await trx('keys').where({ id, workspace_id: workspaceId }).forUpdate().first(keyColumns)
  return row && toKey(row)
}

/** The workspace's keys among these by id, locked in the order of ids until the transaction ends. */
export async function lockKeys(
  trx: Transaction,
  workspaceId: string,
  ids: readonly string[],
): Promise<Map<string, Key>> {
  const rows = await trx('keys')
    .where({ workspace_id: workspaceId })
    .whereIn('id', [...ids])
    .orderBy('id')
    .forUpdate()
    .select(keyColumns)
  return new Map(rows.map((row) => [row.id, toKey(row)]))
}

/** The few changes under way, if any, come first: an idle log costs one look at an empty index. */
const unconfirmed = `keys.id in (
  select s.id from changes c join change_subjects s on s.seq = c.seq and s.kind = 'key'
  where c.confirmed_at is null) as unconfirmed`

/** Keys joined with their usage; the caller adds conditions, order and a limit. */
export const keysWithUsage = (db: Executor): Knex.QueryBuilder =>
  db('keys')
    .leftJoin('key_usage', 'key_usage.key_id', 'keys.id')
    .select(
      ...keyColumns.map((column) => `keys.${column}`),
      'key_usage.requests',
      'key_usage.last_used_at',
      db.raw(unconfirmed),
    )

/** A row of `keysWithUsage`. */
export const toKeyWithUsage = (
  row: Row & { requests: number | null; last_used_at: Date | null; unconfirmed: boolean },
): KeyWithUsage => ({
  ...toKey(row),
  requests: row.requests ?? 0,
  lastUsedAt: row.last_used_at,
  unconfirmed: row.unconfirmed,
})
