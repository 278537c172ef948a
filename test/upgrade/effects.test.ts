import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Database, openDatabase, type Transaction } from '../../src/foundation/database.ts'
import { pendingWork } from '../../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../setup/administer.ts'

const name = `${inject('databasePrefix')}${randomBytes(6).toString('hex')}`
let db: Database
beforeAll(async () => {
  await administer(inject('serverUrl'), `create database ${name}`)
  db = openDatabase(databaseUrl(inject('serverUrl'), name), { connections: 1 })
})
afterAll(async () => {
  await db.destroy()
  await administer(inject('serverUrl'), `drop database ${name} with (force)`)
})

/** Weakest first; a weaker one keeps no read and no change waiting. */
const modes = ['ShareUpdateExclusive', 'Share', 'ShareRowExclusive', 'Exclusive', 'AccessExclusive']

const tables = async (trx: Transaction): Promise<Map<string, string>> => {
  const { rows } = await trx.raw(
    `select relname, relfilenode from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')`,
  )
  return new Map(rows.map((row: { relname: string; relfilenode: string }) => [row.relname, row.relfilenode]))
}

/** What a change does to the tables that were there: locks that somebody waits for, and rewrites. Kept, or undone. */
function effectOf(change: (trx: Transaction) => Promise<unknown>, isKept: boolean) {
  const seen = { locks: {} as Record<string, string>, rewrites: [] as string[] }
  return db
    .transaction(async (trx) => {
      const before = await tables(trx)
      await change(trx)
      const { rows } = await trx.raw(
        `select relname, mode from pg_locks join pg_class on pg_class.oid = relation where pid = pg_backend_pid()`,
      )
      for (const mode of modes)
        for (const row of rows)
          if (before.has(row.relname) && row.mode === `${mode}Lock`)
            seen.locks[row.relname] = mode.replaceAll(/\B[A-Z]/g, ' $&').toUpperCase()
      const after = await tables(trx)
      seen.rewrites = [...before.keys()].filter((table) => after.get(table) !== before.get(table))
      if (!isKept) throw new Error('undone')
    })
    .catch((error: Error) => {
      if (error.message !== 'undone') throw error
    })
    .then(() => seen)
}

test('what each migration states of its locks and rewrites is what Postgres does', async () => {
  const { migrations } = await pendingWork(db)
  expect(migrations.length).toBeGreaterThan(1)
  for (const { name, migration } of migrations) {
    const { locks, rewrites } = migration.effect
    expect({ name, ...(await effectOf(async (trx) => migration.up(trx), true)) }).toEqual({
      name,
      locks,
      rewrites,
    })
  }
  const looser = async (trx: Transaction) => trx.raw('create table extra (key_id text references keys (id))')
  expect(await effectOf(looser, false)).toEqual({ locks: { keys: 'SHARE ROW EXCLUSIVE' }, rewrites: [] })
  const stricter = async (trx: Transaction) =>
    trx.raw('alter table usage_batches add column extra timestamptz default clock_timestamp()')
  expect(await effectOf(stricter, false)).toEqual({
    locks: { usage_batches: 'ACCESS EXCLUSIVE' },
    rewrites: ['usage_batches'],
  })
})
