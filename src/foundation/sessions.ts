import pg from 'pg'
import { databaseStartError, failedToConnect } from './outage.ts'
import { StartError } from './start-error.ts'

/** Other clients of a pooler may come in between, and then one attempt shows nothing. */
const attempts = 3

/**
 * Rejects when a connection is not a session: behind a pooler in transaction mode each transaction may have another one,
 * so that LISTEN, prepared statements and settings are lost. Found by what it does: an idle connection does not keep its
 * backend while another one is in a transaction.
 * @throws StartError, also when two connections cannot be made
 */
export async function requireSessions(url: string, variable = 'DATABASE_URL'): Promise<void> {
  const clients = [1, 2].map(
    () =>
      new pg.Client({
        connectionString: url,
        application_name: 'keywarden sessions',
        connectionTimeoutMillis: 10_000,
        query_timeout: 10_000,
      }),
  )
  const [idle, busy] = clients as [pg.Client, pg.Client]
  for (const client of clients) client.on('error', () => undefined)
  try {
    for (const client of clients) await client.connect().catch(failedToConnect)
    for (let attempt = 0; attempt < attempts; attempt++)
      if (await isTakenFrom(idle, busy))
        throw new StartError(
          `${variable} leads to a pooler in transaction mode, such as PgBouncer with pool_mode = transaction, which keeps no sessions. Set pool_mode = session, or connect to Postgres directly.`,
        )
  } catch (error) {
    throw databaseStartError(error, variable) ?? error
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()))
  }
}

async function isTakenFrom(idle: pg.Client, busy: pg.Client): Promise<boolean> {
  const before = await backendOf(idle)
  // A pooler that takes its backends in turn, of which it may have no more than two.
  if ((await backendOf(idle)) !== before) return true
  await busy.query('begin')
  try {
    // In this order: where there is one backend alone, the idle connection would wait for it.
    return (await backendOf(busy)) === before || (await backendOf(idle)) !== before
  } finally {
    await busy.query('rollback')
  }
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('select pg_backend_pid() as pid')
  return rows[0].pid
}
