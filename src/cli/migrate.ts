import { grantRights, ownsTables } from '../audit/rights.ts'
import type { Config } from '../foundation/config.ts'
import { type Database, openDatabase } from '../foundation/database.ts'
import { migrate } from '../foundation/migrate.ts'
import { databaseStartError } from '../foundation/outage.ts'
import { requireSessions } from '../foundation/sessions.ts'

/**
 * Migrates the database to this version. With an owner's URL the owner owns the tables, and the role of DATABASE_URL
 * gets its rights, which exclude changing the audit.
 */
export async function migrateDatabase(config: Config): Promise<number> {
  const { databaseUrl, databaseOwnerUrl } = config
  if (databaseOwnerUrl === undefined) await requireSessions(databaseUrl)
  else await requireSessions(databaseOwnerUrl, 'DATABASE_OWNER_URL')
  const open = (url: string) => openDatabase(url, { connections: 2, name: 'keywarden migrate' })
  if (databaseOwnerUrl === undefined) return report(await migrate(databaseUrl))
  const [app, owner] = [open(databaseUrl), open(databaseOwnerUrl)]
  try {
    const appRole = await roleOf(app, 'DATABASE_URL')
    const ownerRole = await roleOf(owner, 'DATABASE_OWNER_URL')
    const problem = await whyNot(owner, appRole, ownerRole)
    if (problem) {
      console.error(problem)
      return 1
    }
    const code = report(await migrate(databaseOwnerUrl))
    await grantRights(owner, appRole.role)
    console.log(`${appRole.role} may read and append to the audit, and not change it.`)
    return code
  } finally {
    await Promise.all([app.destroy(), owner.destroy()])
  }
}

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
