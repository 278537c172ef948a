import pg from 'pg'
import { type Agent, fetch } from 'undici'
import { readConfig } from '../../../src/foundation/config.ts'
import { openDatabase } from '../../../src/foundation/database.ts'
import { openLog } from '../../../src/foundation/log.ts'
import { migrate } from '../../../src/foundation/migrate.ts'
import { openWatcher, type Watcher } from '../../../src/leases/watcher.ts'
import { type Cable, openCable } from './cable.ts'
import { type LabKey, seedAccount, seedKeys, serviceToken } from './seed.ts'
import { startVerifierProcess, type VerifierProcess } from './verifier-process.ts'

/** A verifier behind a cable of its own. */
export type Placed = { process: VerifierProcess; cable: Cable; ask(key: LabKey): Promise<string> }

/** A database with verifiers around it, a changer and somebody who confirms. */
export type Lab = {
  sql: pg.Client
  url: string
  keys(count: number): Promise<LabKey[]>
  place(env?: Record<string, string>, main?: string): Promise<Placed>
  /** commits the revocation, and gives its number in the log of changes */
  revoke(...keys: LabKey[]): Promise<number>
  /** the same on a connection of its own, which may be lost; rejects unless it is certain that it was committed */
  revokeApart(key: LabKey): Promise<number>
  /** waits until this process has confirmed the change */
  confirm(seq: number): Promise<void>
  /** waits until anybody has */
  confirmedByOthers(seq: number): Promise<void>
  close(): Promise<void>
}

/** @param url an empty, existing database; `migrations` runs them unless the copy under test brings its own */
export async function openLab(
  url: string,
  migrations: (url: string) => Promise<unknown> = migrate,
): Promise<Lab> {
  await migrations(url)
  let sql = await connected(url)
  await seedAccount(sql)
  const closing: (() => Promise<unknown>)[] = []
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
  })
  pool.on('error', () => {})
  closing.push(() => pool.end())
  let made = 0
  let watcher: Watcher | undefined

  function watch(): Watcher {
    if (watcher) return watcher
    const config = readConfig({ DATABASE_URL: url })
    const db = openDatabase(url, { connections: 3 })
    const log = openLog({ level: 'silent', tokenPrefix: 'tml_' })
    watcher = openWatcher({ db, config, log, clock: { now: () => new Date() } })
    closing.push(async () => {
      await watcher!.close()
      await db.destroy()
    })
    return watcher
  }

  return {
    get sql() {
      return sql
    },
    url,
    async keys(count) {
      // The connection may have been lost with the server.
      const alive = await sql.query('select 1').catch(() => undefined)
      if (!alive) sql = await connected(url)
      return seedKeys(sql, count, `${made++}_`)
    },
    async place(env = {}, main) {
      const cable = await openCable(url)
      const process = await startVerifierProcess(cable.url, { KEYWARDEN_LEASE: '1s', ...env }, main).catch(
        async (error) => {
          await cable.close()
          throw error
        },
      )
      closing.push(async () => {
        await process.kill()
        await cable.close()
      })
      return { process, cable, ask: (key) => ask(process.url, key) }
    },
    async revoke(...keys) {
      await sql.query(`update keys set status = 'revoked' where id = any($1)`, [keys.map((key) => key.id)])
      const { rows } = await sql.query('select max(seq)::int as seq from changes')
      return rows[0].seq
    },
    async revokeApart(key) {
      const { rows } = await pool.query(`update keys set status = 'revoked' where id = $1 returning id`, [
        key.id,
      ])
      if (rows.length !== 1) throw new Error('there is no such key')
      const found = await pool.query(
        `select max(seq)::int as seq from change_subjects where kind = 'key' and id = $1`,
        [key.id],
      )
      return found.rows[0].seq
    },
    async confirm(seq) {
      const receipt = await watch().confirm(seq, 60_000)
      if (receipt.state !== 'confirmed') throw new Error(`not confirmed: ${JSON.stringify(receipt)}`)
    },
    async confirmedByOthers(seq) {
      await until(async () => {
        const { rows } = await sql.query('select confirmed_at from changes where seq = $1', [seq])
        return rows[0]?.confirmed_at
      })
    },
    async close() {
      for (const close of closing.reverse()) await close()
      await sql.end().catch(() => undefined)
    },
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  return client
}

/** The verdict on a key, or `HTTP 503` and the like; over a connection of this agent, if one is given. */
export async function ask(url: string, key: LabKey, dispatcher?: Agent): Promise<string> {
  try {
    const response = await fetch(`${url}/v1/verify`, {
      ...(dispatcher ? { dispatcher } : {}),
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key: key.token, scope: 'read' }),
    })
    const body = (await response.json()) as { code?: string }
    return response.status === 200 ? body.code! : `HTTP ${response.status}`
  } catch {
    return 'HTTP none'
  }
}

/** Waits for a fact. */
export async function until<T>(fact: () => Promise<T>, everyMs = 10): Promise<NonNullable<T>> {
  for (;;) {
    const found = await fact()
    if (found) return found as NonNullable<T>
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
