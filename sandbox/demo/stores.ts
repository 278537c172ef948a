import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate } from '../../src/foundation/migrate.ts'
import { emptyRedis } from '../services/empty-redis.ts'
import { startPostgres } from '../services/postgres.ts'
import { startRedis } from '../services/redis.ts'

export type Stores = {
  databaseUrl: string
  redisUrl: string
  /** removes what was made; a server that was given stays as it was */
  close(): Promise<void>
}

/**
 * A migrated, empty database and an empty Redis for one house. They live on servers of their own, or on those of
 * DATABASE_URL and REDIS_URL, of which nothing that is there already is touched.
 */
export async function openStores(log: (line: string) => void): Promise<Stores> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  const opening = [openPostgres(log, closing), openRedis(log, closing)] as const
  try {
    const [databaseUrl, redisUrl] = await Promise.all(opening)
    await migrate(databaseUrl)
    return { databaseUrl, redisUrl, close }
  } catch (error) {
    await Promise.allSettled(opening)
    await close()
    throw error
  }
}

type Closing = (() => Promise<unknown>)[]

async function openPostgres(log: (line: string) => void, closing: Closing): Promise<string> {
  const server = await startPostgres({ durable: false, log })
  closing.push(server.stop)
  if (!process.env.DATABASE_URL) return server.url
  const name = `keywarden_demo_${randomBytes(4).toString('hex')}`
  await onGiven('DATABASE_URL', administer(server.url, `create database ${name}`))
  closing.push(() => administer(server.url, `drop database if exists ${name} with (force)`))
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return url.href
}

async function openRedis(log: (line: string) => void, closing: Closing): Promise<string> {
  const server = await startRedis({ log })
  closing.push(server.stop)
  if (!process.env.REDIS_URL) return server.url
  const database = await onGiven('REDIS_URL', emptyRedis(server.url))
  closing.push(database.drop)
  return database.url
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url)
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** The demo runs on servers of its own unless configured otherwise; a reader has to know which of the two failed. */
async function onGiven<T>(variable: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new Error(`The server of ${variable} cannot be used: ${(error as Error).message}`, { cause: error })
  }
}
