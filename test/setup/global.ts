import { randomBytes } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { startRedis } from '../../sandbox/services/redis.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { administer, databaseUrl } from './administer.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** the server's own database, from which others are created */
    serverUrl: string
    /** begins the name of every database of this run */
    databasePrefix: string
    /** a migrated and empty database that nobody is connected to */
    templateDatabase: string
    redisUrl: string
  }
}

/** One Postgres and one Redis for the whole run, and a migrated database for each test file to copy. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env.KEEP_DATABASES && !process.env.DATABASE_URL)
    throw new Error('KEEP_DATABASES needs a server that outlives the tests. Type: npm run services')
  const redis = await startRedis({ log: console.log })
  // A server that is left running would keep vitest from ending.
  const postgres = await startPostgres({ durable: false, log: console.log }).catch(async (error) => {
    await redis.stop()
    throw error
  })
  const databasePrefix = `keywarden_test_${randomBytes(4).toString('hex')}_`
  const templateDatabase = `${databasePrefix}template`
  await administer(postgres.url, `create database ${templateDatabase}`)
  await migrate(databaseUrl(postgres.url, templateDatabase))

  project.provide('serverUrl', postgres.url)
  project.provide('databasePrefix', databasePrefix)
  project.provide('templateDatabase', templateDatabase)
  project.provide('redisUrl', redis.url)
  return async () => {
    if (process.env.KEEP_DATABASES) await administer(postgres.url, `drop database ${templateDatabase}`)
    else if (process.env.DATABASE_URL) await dropDatabases(postgres.url, databasePrefix)
    await Promise.all([postgres.stop(), redis.stop()])
  }
}

/** A server that was given to us keeps nothing of ours. */
async function dropDatabases(url: string, prefix: string): Promise<void> {
  const names = await administer(url, 'select datname from pg_database where starts_with(datname, $1)', [
    prefix,
  ])
  for (const { datname } of names) await administer(url, `drop database if exists ${datname} with (force)`)
}
