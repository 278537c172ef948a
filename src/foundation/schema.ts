import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Executor } from './database.ts'
import { packageRoot } from './package-root.ts'

/** A function of SQL as its file in schema/functions says it today; `hash` changes with the file. */
type SqlFunction = { name: string; sql: string; hash: string }

/** Runs a file of the folder `schema`. Within a transaction. */
export async function runSchemaFile(db: Executor, file: string): Promise<void> {
  await runSql(db, await readFile(new URL(`schema/${file}`, packageRoot()), 'utf8'))
}

/**
 * Creates every function although the tables that they name need not be there yet, so that a table can be created with
 * its triggers; `putFunctions` has to follow. Within a transaction.
 */
export async function declareFunctions(db: Executor): Promise<void> {
  await createUnchecked(db, await readFunctions())
}

/**
 * Gives each function whose body in the database is not today's that body, and returns their names as
 * `functions/<name>`. Within a transaction, after the migrations.
 * @throws Error of Postgres when a body is wrong
 */
export async function putFunctions(db: Executor): Promise<string[]> {
  const { rows } = await db.raw(
    'select distinct on (name) name, hash from function_versions order by name, seq desc',
  )
  const newest = new Map(rows.map(({ name, hash }: SqlFunction) => [name, hash]))
  const changed = (await readFunctions()).filter(({ name, hash }) => newest.get(name) !== hash)
  if (changed.length === 0) return []
  // First without a check, because one may call another.
  await createUnchecked(db, changed)
  await create(db, changed)
  const versions = changed.map(({ name, hash }) => ({ name, hash }))
  await db('function_versions')
    .whereIn(
      ['name', 'hash'],
      versions.map(({ name, hash }) => [name, hash]),
    )
    .delete()
  await db('function_versions').insert(versions)
  return changed.map(nameOf)
}

/**
 * The functions whose body of today the database never had, as `functions/<name>`. One that it had and has replaced
 * since is not among them: the database is newer than this program.
 */
export async function pendingFunctions(db: Executor): Promise<string[]> {
  // Before the first migration there is no function to change.
  if (!(await db.schema.hasTable('function_versions'))) return []
  const versions: SqlFunction[] = await db('function_versions').select('name', 'hash')
  const known = new Set(versions.map(({ name, hash }) => `${name} ${hash}`))
  return (await readFunctions()).filter(({ name, hash }) => !known.has(`${name} ${hash}`)).map(nameOf)
}

const nameOf = ({ name }: SqlFunction): string => `functions/${name}`

async function readFunctions(): Promise<SqlFunction[]> {
  const folder = new URL('schema/functions/', packageRoot())
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(new URL(file, folder), 'utf8')
      return { name: file.replace('.sql', ''), sql, hash: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function createUnchecked(db: Executor, functions: readonly SqlFunction[]): Promise<void> {
  await db.raw('set local check_function_bodies = off')
  await create(db, functions)
  await db.raw('set local check_function_bodies = on')
}

/**
 * Names in a function are looked up in the schema of the tables, and in the temporary one last: `set search_path from
 * current` keeps that with the function, so that no caller can put an object of their own in the place of another.
 */
async function create(db: Executor, functions: readonly SqlFunction[]): Promise<void> {
  const { rows } = await db.raw(
    `select current_setting('search_path') as path, quote_ident(current_schema()) as tables`,
  )
  const search = (path: string) => db.raw(`select set_config('search_path', ?, true)`, [path])
  await search(`${rows[0].tables}, pg_temp`)
  await runSql(db, functions.map(({ sql }) => sql).join('\n'))
  await search(rows[0].path)
}

/** Knex would take a question mark for a parameter. */
const runSql = (db: Executor, sql: string): Promise<unknown> => db.raw(sql.replaceAll('?', '\\?'))
