import { grantRights, ownsTables } from '../audit/rights.ts'
import type { Config } from '../foundation/config.ts'
import { type Database, openDatabase } from '../foundation/database.ts'
import { expandedBy, isExpand, migrate, pendingMigrations, pendingWork } from '../foundation/migrate.ts'
import type { Migration } from '../foundation/migration.ts'
import { databaseStartError, reasonOf } from '../foundation/outage.ts'
import { requireSessions } from '../foundation/sessions.ts'
import { StartError } from '../foundation/start-error.ts'

/**
 * Migrates the database to this version. With an owner's URL the owner owns the tables, and the role of DATABASE_URL
 * gets its rights, which exclude changing the audit.
 */
export async function migrateDatabase(config: Config): Promise<number> {
  const { databaseUrl, databaseOwnerUrl } = config
  if (databaseOwnerUrl === undefined) await requireSessions(databaseUrl)
  else await requireSessions(databaseOwnerUrl, 'DATABASE_OWNER_URL')
  const open = (url: string) => openDatabase(url, { connections: 2, name: 'keywarden migrate' })
  if (databaseOwnerUrl === undefined) return report(await migrated(databaseUrl, 'DATABASE_URL'))
  const [app, owner] = [open(databaseUrl), open(databaseOwnerUrl)]
  try {
    const appRole = await roleOf(app, 'DATABASE_URL')
    const ownerRole = await roleOf(owner, 'DATABASE_OWNER_URL')
    const problem = await whyNot(owner, appRole, ownerRole)
    if (problem) {
      console.error(problem)
      return 1
    }
    const code = report(await migrated(databaseOwnerUrl, 'DATABASE_OWNER_URL'))
    await grantRights(owner, appRole.role)
    await pendingMigrations(app)
    console.log(`${appRole.role} may read and append to the audit, and not change it.`)
    return code
  } finally {
    await Promise.all([app.destroy(), owner.destroy()])
  }
}

const migrated = (url: string, variable: string): Promise<string[]> =>
  migrate(url).catch((error: Error) => {
    throw whyNotMigrated(error, variable) ?? error
  })

/** The reason why the role cannot migrate, and what to do about it. */
export function whyNotMigrated(error: Error, variable: string): StartError | undefined {
  const said = reasonOf(error)
  if (/extension .* is not available/.test(said))
    return new StartError(
      `The server lacks an extension (${said}). Install the contrib modules of PostgreSQL there, and migrate again.`,
    )
  if ((error as { code?: unknown }).code !== '42501') return databaseStartError(error, variable)
  return new StartError(
    `The role of ${variable} may not migrate (${said}). Make it the owner of the database and of its tables, or set DATABASE_OWNER_URL to the role that is.`,
  )
}

/** Prints what `migrateDatabase` would run, what waits for it, and whether older code can go on. Changes nothing. */
export async function planMigration({ databaseUrl }: Config): Promise<number> {
  const db = openDatabase(databaseUrl, { connections: 1, name: 'keywarden migrate --plan' })
  try {
    const newer = await expandedBy(db)
    if (newer.length > 0) {
      console.log(`The database is of a newer version (${newer.join(', ')}), on which this one can run.`)
      return 0
    }
    const { migrations, functions } = await pendingWork(db)
    const tables = [...new Set(migrations.flatMap(({ migration }) => Object.keys(migration.effect.locks)))]
    const sizes = await sizesOf(db, tables)
    for (const { name, migration } of migrations) console.log(describe(name, migration, sizes))
    for (const name of functions) console.log(`${name}\n  a new body, which serves the version before too`)
    const isNothing = migrations.length + functions.length === 0
    console.log(isNothing ? 'The database is up to date.' : 'Nothing was changed. Run: keywarden migrate')
    return 0
  } finally {
    await db.destroy()
  }
}

async function sizesOf(db: Database, tables: string[]): Promise<Map<string, string>> {
  const { rows } = await db.raw(
    `select relname, pg_size_pretty(pg_total_relation_size(oid)) as size from pg_class
     where relnamespace = current_schema()::regnamespace and relname = any(?)`,
    [tables],
  )
  return new Map(rows.map(({ relname, size }: { relname: string; size: string }) => [relname, size]))
}

function describe(name: string, { effect }: Migration, sizes: ReadonlyMap<string, string>): string {
  const locks = Object.entries(effect.locks).map(
    ([table, mode]) => `${mode} on ${table} (${sizes.get(table) ?? 'not there yet'})`,
  )
  const isFirst = name === '0001_baseline'
  return [
    name,
    `  ${effect.purpose}`,
    `  locks until it ends: ${locks.join(', ') || 'none that anybody waits for'}`,
    `  rewrites: ${effect.rewrites.join(', ') || 'nothing'}`,
    ...(isFirst ? [] : [isExpand(name) ? onward : stop]),
  ].join('\n')
}

const onward = '  The version before can run on it: update while it runs, and go back to it if you must.'
const stop = '  The version before cannot run on it: first replace every process, and take a backup.'

type Identity = { role: string; database: string }

async function roleOf(db: Database, variable: string): Promise<Identity> {
  const { rows } = await db
    .raw('select current_user as role, current_database() as database')
    .catch((error: Error) => {
      throw databaseStartError(error, variable) ?? error
    })
  return rows[0]
}

async function whyNot(owner: Database, app: Identity, own: Identity): Promise<string | undefined> {
  if (app.database !== own.database)
    return `DATABASE_URL is about the database ${app.database}, DATABASE_OWNER_URL about ${own.database}. Use one database.`
  if (app.role === own.role)
    return `DATABASE_URL and DATABASE_OWNER_URL both name the role ${own.role}. Give the app a role of its own: create role keywarden login password '...';`
  if (await ownsTables(owner, app.role))
    return `The tables belong to ${app.role}. Hand them over once, as a superuser in ${own.database}: reassign owned by "${app.role}" to "${own.role}";`
  return undefined
}

function report(ran: string[]): number {
  console.log(ran.length === 0 ? 'The database is up to date.' : `Ran ${ran.join(', ')}.`)
  return 0
}
