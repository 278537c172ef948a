import pg from 'pg'
import { databaseTypes } from './database.ts'
import { failedToConnect, isConnectionSpent } from './outage.ts'
import { beginSession } from './primary.ts'

export type Statement = { name: string; text: string }

/**
 * One connection of its own to the primary, for work that must never queue behind other work. It connects when first
 * asked, and again when asked after it was lost; a query that gets no answer in time ends the connection, so
 * that a cable which was cut looks like one that was unplugged, and so does a server that takes no changes or has lost
 * the session.
 */
export type DedicatedConnection = {
  /** @throws when the database cannot be reached, is too slow, or says no */
  query<Row>(statement: Statement, values: unknown[]): Promise<Row[]>
  /** lets go of the connection, so that the next query makes another */
  leave(): void
  /** warnings of the server since the last call */
  warnings(): string[]
  close(): Promise<void>
}

export type LaneOptions = {
  name: string
  /** real milliseconds for connecting, and for each query */
  timeoutMs: number
  /** runs on each new connection before anything else */
  onConnect?: (client: pg.Client) => Promise<unknown>
  /** the connection that was there is gone */
  onLost?: () => void
}

type Connection = { client: pg.Client; ready: Promise<unknown> }

export function openDedicatedConnection(url: string, options: LaneOptions): DedicatedConnection {
  let current: Connection | undefined
  let warned: string[] = []
  let isClosed = false

  function connect(): Connection {
    const client = newClient(url, options)
    const connection = { client, ready: makeReady(client) }
    client.on('notice', (notice) => notice.severity === 'WARNING' && warned.push(notice.message ?? ''))
    client.on('error', () => drop(connection))
    client.on('end', () => drop(connection))
    return connection
  }

  async function makeReady(client: pg.Client) {
    await client.connect().catch(failedToConnect)
    const limits = { statementMs: options.timeoutMs, lockMs: options.timeoutMs, idleMs: 10_000 }
    await beginSession(client, limits).catch(failedToConnect)
    await options.onConnect?.(client)
  }

  function drop(connection: Connection) {
    if (current !== connection) return
    current = undefined
    cut(connection.client)
    if (!isClosed) options.onLost?.()
  }

  return {
    async query<Row>(statement: Statement, values: unknown[]) {
      if (isClosed) throw new Error('Connection ended: this lane is closed')
      current ??= connect()
      const connection = current
      let isReady = false
      try {
        await connection.ready
        isReady = true
        return (await connection.client.query({ ...statement, values })).rows as Row[]
      } catch (error) {
        // The primary that says no is there; everything else leaves the connection in doubt.
        if (!isReady || !(error instanceof pg.DatabaseError) || isConnectionSpent(error)) drop(connection)
        throw error
      }
    },
    leave() {
      if (current) drop(current)
    },
    warnings() {
      const said = warned
      warned = []
      return said
    },
    async close() {
      isClosed = true
      const connection = current
      current = undefined
      if (connection) cut(connection.client)
    },
  }
}

/** `end()` would wait for a reply that may never come; the socket is what must go. */
function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}

const newClient = (url: string, { name, timeoutMs }: LaneOptions) =>
  new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
    types: databaseTypes,
  })
