import type { Knex } from 'knex'
import type { Executor, Transaction } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Action } from '../policy/may.ts'
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

/** A row of `keys` as a Key: these columns alone, so that no hash of a token comes along. */
export const toKey = (row: Row): Key =>
  fromRow(Object.fromEntries(keyColumns.map((column) => [column, row[column]])))

/** The workspace's key with that id, locked until the transaction ends; undefined when it has none. */
export async function lockKey(trx: Transaction, workspaceId: string, id: string): Promise<Key | undefined> {
  const row = await trx('keys').where({ id, workspace_id: workspaceId }).forUpdate().first(keyColumns)
  return row && toKey(row)
}

/**
 * The workspace's key with that id, locked until the act ends. Refuses when there is none or when the actor may not take
 * this action on it.
 */
export async function lockKeyFor(act: Act, action: Action, workspaceId: string, keyId: string) {
  const key = await lockKey(act.trx, workspaceId, keyId)
  if (!key) return noSuchKey({ action, keyId })
  return (await authorise(act, action, { workspaceId, ownerId: key.ownerId, keyId })) ?? key
}

/**
 * The workspace's keys among these by id, and those that they are to replace, which their end changes too: locked in the
 * order of ids until the transaction ends. Every act that locks more than one key does so here, or waits for another for ever.
 */
export async function lockKeys(
  trx: Transaction,
  workspaceId: string,
  ids: readonly string[],
): Promise<Map<string, Key>> {
  const rows = await trx('keys')
    .where({ workspace_id: workspaceId })
    .where((query) => query.whereIn('id', [...ids]).orWhereIn('successor_id', [...ids]))
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
