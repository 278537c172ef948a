import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import { openDatabase } from './database.ts'
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
  getMigration: (file) => import(new URL(file, directory).href) as Promise<Knex.Migration>,
}

/**
 * Brings the database to this version and says which migrations ran and which functions were replaced. Two at once are
 * safe: the second waits on an advisory lock, which a killed process cannot leave behind, and then finds nothing to do.
 * @throws StartError when the database is of a version before the first release, or of a newer one; it is left as it is
 */
export async function migrate(url: string): Promise<string[]> {
  const db = openDatabase(url, { connections: 2, name: 'keywarden migrate', patient: true })
  try {
    return await db.transaction(async (lock) => {
      await lock.raw('select pg_advisory_xact_lock(?)', [migrationLock])
      await refuseUnreleased(lock)
      await refuseNewer(lock)
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
 * @throws StartError when the database is of a newer version
 */
export async function pendingMigrations(db: Knex): Promise<string[]> {
  await refuseNewer(db)
  const { rows } = await db.raw(`select to_regclass('knex_migrations') is not null as is_there`)
  const ran: string[] = rows[0].is_there ? await db('knex_migrations').pluck('name') : []
  const names = (await source.getMigrations([])).map((file) => source.getMigrationName(file))
  return [...names.filter((name) => !ran.includes(name)), ...(await pendingFunctions(db))]
}

/** A program may misread tables that a newer one has changed, and cannot change them back. */
async function refuseNewer(db: Knex): Promise<void> {
  if (!(await db.schema.hasTable('knex_migrations'))) return
  const known = (await source.getMigrations([])).map(source.getMigrationName)
  const newer: string[] = await db('knex_migrations').whereNotIn('name', known).orderBy('id').pluck('name')
  if (newer.length === 0 || newer.includes('0001_accounts_and_workspaces')) return
  throw new StartError(
    `The database is of a newer version: this one does not know ${newer.join(', ')}. Run the newer version, or restore ` +
      'the backup from before it into an empty database.',
  )
}

/** Before the first release the schema was built by other migrations, which this version does not have. */
async function refuseUnreleased(db: Knex): Promise<void> {
  if (!(await db.schema.hasTable('knex_migrations'))) return
  if (!(await db('knex_migrations').where('name', '0001_accounts_and_workspaces').first('id'))) return
  throw new StartError(
    'This database was made by a version from before the first release, and cannot be brought to this one: create an ' +
      'empty database and point DATABASE_URL at it.',
  )
}
