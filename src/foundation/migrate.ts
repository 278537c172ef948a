import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import { openDatabase } from './database.ts'
import type { Migration } from './migration.ts'
import { pendingFunctions, putFunctions } from './schema.ts'
import { StartError } from './start-error.ts'

const directory = new URL('../../migrations/', import.meta.url)

/** Any number, as long as everyone who migrates uses the same one. */
const migrationLock = 4_711_001

/**
 * Names are recorded without extension, so that a release (`.js`) and a checkout (`.ts`) agree on what has run.
 */
const source: Knex.MigrationSource<string> = {
  async getMigrations() {
    const files = await readdir(fileURLToPath(directory))
    // A release has a .d.ts beside each, which is none.
    return files.filter((file) => /^\d{4}_\w+\.(ts|js)$/.test(file)).sort()
  },
  getMigrationName: (file) => file.replace(/\.(ts|js)$/, ''),
  getMigration: (file) => load(file),
}

const load = (file: string): Promise<Migration> => import(new URL(file, directory).href)

/**
 * Brings the database to this version and says which migrations ran and which functions were replaced. Two at once are
 * safe: the second waits on an advisory lock, which a killed process cannot leave behind, and then finds nothing to do.
 * A newer database on which this version can run is left as it is: the newer functions serve this version too.
 * @throws StartError when the database is of a version before the first release, or of one that this cannot run on
 */
export async function migrate(url: string): Promise<string[]> {
  const db = openDatabase(url, { connections: 2, name: 'keywarden migrate', patient: true })
  try {
    return await db.transaction(async (lock) => {
      await lock.raw('select pg_advisory_xact_lock(?)', [migrationLock])
      if ((await expandedBy(lock)).length > 0) return []
      const config = { migrationSource: source }
      // The holder of the advisory lock is the only one migrating; a lock left by a killed process is stale.
      await db.migrate.forceFreeMigrationsLock(config)
      const [, ran] = (await db.migrate.latest(config)) as [number, string[]]
      const replaced = await db.transaction(putFunctions)
      return [...ran.map((file) => source.getMigrationName(file)), ...replaced]
    })
  } finally {
    await db.destroy()
  }
}

/**
 * The migrations, and the bodies of functions, that this version has and the database has not. Creates nothing, unlike
 * knex's own list.
 * @throws StartError as `expandedBy`, and when the tables are where the connected role does not look
 */
export async function pendingMigrations(db: Knex): Promise<string[]> {
  await expandedBy(db)
  const names = (await pendingFiles(db)).map((file) => source.getMigrationName(file))
  return [...names, ...(await pendingFunctions(db))]
}

/** The migrations and functions that `migrate` would run, in this order. Changes nothing. */
export async function pendingWork(
  db: Knex,
): Promise<{ migrations: { name: string; migration: Migration }[]; functions: string[] }> {
  const files = await pendingFiles(db)
  const migrations = await Promise.all(
    files.map(async (file) => ({ name: source.getMigrationName(file), migration: await load(file) })),
  )
  return { migrations, functions: await pendingFunctions(db) }
}

async function pendingFiles(db: Knex): Promise<string[]> {
  const { rows } = await db.raw(
    `select to_regclass('knex_migrations') is not null as "isThere", current_user as role,
       array(select relnamespace::regnamespace::text from pg_class where relname = 'acts_done' order by 1) as schemas`,
  )
  const { isThere, role, schemas } = rows[0] as { isThere: boolean; role: string; schemas: string[] }
  if (!isThere && schemas.length > 0)
    throw new StartError(
      `The role ${role} does not see the tables, which are in the schema ${schemas.join(', ')}. As their owner run: ` +
        `grant usage on schema ${schemas[0]} to ${role}; alter role ${role} set search_path = ${schemas[0]};`,
    )
  const ran: string[] = isThere ? await db('knex_migrations').pluck('name') : []
  return (await source.getMigrations([])).filter((file) => !ran.includes(source.getMigrationName(file)))
}

/** Whether code from before a migration can run on what it makes: its name says so, to that code too. */
export const isExpand = (name: string): boolean => /^\d{4}_expand_/.test(name)

/**
 * The migrations of a newer version that the database has; this version runs on what they make.
 * @throws StartError when one of them changed what this version relies on: it would misread that, and cannot change it back
 */
export async function expandedBy(db: Knex): Promise<string[]> {
  if (!(await db.schema.hasTable('knex_migrations'))) return []
  await refuseUnreleased(db)
  const known = (await source.getMigrations([])).map(source.getMigrationName)
  const newer: string[] = await db('knex_migrations').whereNotIn('name', known).orderBy('id').pluck('name')
  const changed = newer.filter((name) => !isExpand(name))
  if (changed.length === 0) return newer
  throw new StartError(
    `The database is of a newer version: this one does not know ${changed.join(', ')}. Run the newer version, or restore ` +
      'the backup from before it into an empty database.',
  )
}

/** Before the first release the schema was built by other migrations, which this version does not have. */
async function refuseUnreleased(db: Knex): Promise<void> {
  if (!(await db('knex_migrations').where('name', '0001_accounts_and_workspaces').first('id'))) return
  throw new StartError(
    'This database was made by a version from before the first release, and cannot be brought to this one: create an ' +
      'empty database and point DATABASE_URL at it.',
  )
}
