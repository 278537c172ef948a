import type pg from 'pg'

/**
 * The server that was reached is in recovery: it lacks what the primary has committed and it has not replayed yet, and
 * saves nothing.
 */
export class HotStandby extends Error {
  override name = 'HotStandby'
  /** Postgres' own word for it: read_only_sql_transaction */
  readonly code = '25006'
  constructor() {
    super('the server is a hot standby, not the primary')
  }
}

/** Real milliseconds that Postgres lets a session take; 0 is without a limit. */
export type SessionLimits = {
  statementMs: number
  lockMs: number
  /** for which a transaction may wait for its next statement */
  idleMs: number
}

/**
 * Gives a new connection its limits, and rejects when the server at the other end is in recovery. Once per connection,
 * before anything is read: a primary becomes a standby only by a restart, which ends its connections. As a statement and
 * not as parameters of the start, which a pooler refuses or drops.
 * @param mayBeStandby for reads that may be a little late
 * @throws HotStandby
 */
export async function beginSession(
  client: pg.ClientBase,
  limits: SessionLimits,
  mayBeStandby = false,
): Promise<void> {
  const { rows } = await client.query(
    `select pg_is_in_recovery() as is_standby, set_config('statement_timeout', $1, false),
       set_config('lock_timeout', $2, false), set_config('idle_in_transaction_session_timeout', $3, false)`,
    [limits.statementMs, limits.lockMs, limits.idleMs].map((ms) => String(Math.round(ms))),
  )
  if (rows[0].is_standby && !mayBeStandby) throw new HotStandby()
}

/**
 * Why the server takes no changes, if that is what an error says: it is a hot standby, or is held read-only while the
 * database moves. Another connection may lead to the primary.
 */
export function whyNoChanges(error: unknown): 'it is a hot standby' | 'it is read-only' | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const isStandby = error instanceof HotStandby || /recovery|hot standby/.test(`${message}`)
  // read_only_sql_transaction; object_not_in_prerequisite_state ("recovery is in progress"); and of what is not
  // supported only what a standby does not support, such as unlogged tables.
  if (code !== '25006' && code !== '55000' && !(code === '0A000' && isStandby)) return undefined
  return isStandby ? 'it is a hot standby' : 'it is read-only'
}
