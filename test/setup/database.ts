import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { administer, databaseUrl } from './administer.ts'

export type FreshDatabase = { url: string; drop(): Promise<void> }

/**
 * A migrated, empty database that no other test file knows of. `drop` cuts open connections; with
 * KEEP_DATABASES it leaves the database and prints how to look at it.
 * @param template instead of the empty one: the name of a database of the same server that nobody is connected to
 */
export async function freshDatabase(template = inject('templateDatabase')): Promise<FreshDatabase> {
  const server = inject('serverUrl')
  const name = `${inject('databasePrefix')}${randomBytes(6).toString('hex')}`
  // Copying files is about twice as fast as logging every page, when nothing waits for the disk.
  await administer(server, `create database ${name} template ${template} strategy file_copy`)
  const url = databaseUrl(server, name)
  if (process.env.KEEP_DATABASES) return { url, drop: async () => console.log(`Kept: psql '${url}'`) }
  return {
    url,
    drop: async () => void (await administer(server, `drop database if exists ${name} with (force)`)),
  }
}
