import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { buildProduct } from '../../bench/load/build.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { migrate, pendingMigrations } from '../../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { keywarden } from '../setup/process.ts'
import { shell } from '../setup/shell.ts'
import { copyOfProduct } from './lab/copy.ts'

let url: string
let name: string
beforeEach(async () => {
  name = `${inject('databasePrefix')}${randomBytes(6).toString('hex')}`
  url = databaseUrl(inject('serverUrl'), name)
  await administer(inject('serverUrl'), `create database ${name}`)
})
afterEach(() => administer(inject('serverUrl'), `drop database ${name} with (force)`))

async function pending(): Promise<string[]> {
  const db = openDatabase(url, { connections: 1 })
  try {
    return await pendingMigrations(db)
  } finally {
    await db.destroy()
  }
}

test('of three that migrate at once one does the work, and all of them succeed', async () => {
  const all = await pending()
  const ran = await Promise.all([migrate(url), migrate(url), migrate(url)])
  expect(ran.filter((names) => names.length > 0)).toEqual([all])
  expect(await pending()).toEqual([])
  expect(await migrate(url)).toEqual([])
})

test('one that has to wait for a lock waits; one that was killed meanwhile is finished by the next', async () => {
  const all = await pending()
  const blocker = new pg.Client(url)
  await blocker.connect()
  await blocker.query('begin; create table job_runs (job text)')
  const first = keywarden(['migrate'], { DATABASE_URL: url })
  const waiting = () =>
    administer(
      url,
      `select extract(epoch from clock_timestamp() - query_start) as seconds from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like '%create table job_runs%'`,
    )
  // Longer than the product's own sessions would wait.
  await expect
    .poll(async () => Number((await waiting())[0]?.seconds ?? 0), { timeout: 40_000, interval: 100 })
    .toBeGreaterThan(4.1)
  expect(first.child.exitCode).toBeNull()

  first.child.kill('SIGKILL')
  await first.ended
  await blocker.query('rollback')
  await blocker.end()
  expect(await pending()).toEqual(all)
  expect(await migrate(url)).toEqual(all)
  expect(await pending()).toEqual([])
})

test('a compiled release knows the same migrations as a checkout', { timeout: 240_000 }, async () => {
  const all = await pending()
  const main = buildProduct()
  const env = { PATH: process.env.PATH, DATABASE_URL: url }
  const release = (verb: string) => spawnSync(process.execPath, [main, verb], { env, encoding: 'utf8' })
  expect(release('migrate').stdout).toBe(`Ran ${all.join(', ')}.\n`)
  expect(await pending()).toEqual([])
  expect(release('migrate').stdout).toBe('The database is up to date.\n')
})

test('a database from before the first release is refused and left as it is', async () => {
  await administer(
    url,
    `create table knex_migrations (id serial primary key, name text, batch integer, migration_time timestamptz);
     insert into knex_migrations (name) values ('0001_accounts_and_workspaces'), ('0002_members');
     create table accounts (id text primary key); insert into accounts values ('acc_1')`,
  )
  const everything = async () => [
    await administer(
      url,
      'select relname, relkind from pg_class where relnamespace = $1::regnamespace order by 1',
      ['public'],
    ),
    await administer(url, 'select * from knex_migrations order by id'),
    await administer(url, 'select * from accounts'),
  ]
  const before = await everything()
  const refused = keywarden(['migrate'], { DATABASE_URL: url })
  expect(await refused.ended).toBe(1)
  expect(refused.said()).toBe(
    'This database was made by a version from before the first release, and cannot be brought to this one: ' +
      'create an empty database and point DATABASE_URL at it.\n',
  )
  expect(await everything()).toEqual(before)
})

test('a database of a newer version is left as it is, and every command says so', async () => {
  await migrate(url)
  await administer(
    url,
    `insert into knex_migrations (name, batch, migration_time) values ('0999_from_later', 2, now())`,
  )
  const everything = async () => [
    await administer(url, 'select * from knex_migrations order by id'),
    await administer(url, 'select count(*) from job_runs'),
  ]
  const before = await everything()
  const sentence =
    'The database is of a newer version: this one does not know 0999_from_later. Run the newer version, or restore ' +
    'the backup from before it into an empty database.'
  const env = { DATABASE_URL: url, SLACK_BOT_TOKEN: 'xoxb-1', SLACK_API_URL: 'http://127.0.0.1:9/api/' }
  expect(await shell(['migrate'], env)).toEqual({ code: 1, out: '', err: `${sentence}\n` })
  const started = keywarden(['start', '--roles', 'verify'], env)
  expect(await started.ended).toBe(1)
  expect(started.said()).toBe(`${sentence}\n`)
  const examined = await shell(['doctor'], env)
  expect(examined).toMatchObject({ code: 1, out: expect.stringContaining(`FAIL  Postgres  ${sentence}\n`) })
  expect(await everything()).toEqual(before)
})

test('a database that a newer version has only expanded is run on as it is, and left so', async () => {
  await migrate(url)
  await administer(
    url,
    `insert into knex_migrations (name, batch, migration_time) values ('0999_expand_from_later', 2, now());
     create table from_later (id text primary key);
     create or replace function audit_is_append_only() returns trigger language plpgsql as
       'begin raise exception ''of a later version''; end'`,
  )
  const body = async () =>
    (await administer(url, `select prosrc from pg_proc where proname = 'audit_is_append_only'`))[0]!.prosrc
  const before = await body()
  expect(await pending()).toEqual([])
  expect(await shell(['migrate'], { DATABASE_URL: url })).toMatchObject({ code: 0 })
  expect(await body()).toBe(before)
  expect(await shell(['migrate', '--plan'], { DATABASE_URL: url })).toMatchObject({
    code: 0,
    out: 'The database is of a newer version (0999_expand_from_later), on which this one can run.\n',
  })
  const started = keywarden(['start', '--roles', 'verify'], { DATABASE_URL: url, KEYWARDEN_HTTP_PORT: '0' })
  await started.saysSoon(/keywarden is up/, 60)
  expect(await started.stop()).toBe(0)
})

test('a plan lists what would run and changes nothing', async () => {
  const all = await pending()
  const planned = await shell(['migrate', '--plan'], { DATABASE_URL: url })
  expect(planned).toMatchObject({ code: 0, err: '' })
  expect(planned.out.match(/^\S+(?=\n {2})/gm)).toEqual(all)
  expect(planned.out).toMatch(/\nNothing was changed\. Run: keywarden migrate\n$/)
  expect(
    await administer(url, `select relname from pg_class where relnamespace = 'public'::regnamespace`),
  ).toEqual([])
  await migrate(url)
  expect((await shell(['migrate', '--plan'], { DATABASE_URL: url })).out).toBe(
    'The database is up to date.\n',
  )
})

test('a function that another version changed is replaced, and is no reason for the older one not to start', async () => {
  await migrate(url)
  const bodyNow = async () => {
    const [row] = await administer(url, `select prosrc from pg_proc where proname = 'audit_is_append_only'`)
    return row!.prosrc
  }
  const body = await bodyNow()
  const file = 'schema/functions/audit_is_append_only.sql'
  const newer = await copyOfProduct([{ file, find: 'are append-only', replace: 'are only ever appended' }])
  const run = (verb: string) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', verb], {
      ...{ cwd: newer.folder, encoding: 'utf8' },
      env: { PATH: process.env.PATH, DATABASE_URL: url },
    })
  try {
    expect(run('doctor').stdout).toContain('1 migrations are pending; run: keywarden migrate')
    expect(await bodyNow()).toBe(body)
    expect(run('migrate').stdout).toBe('Ran functions/audit_is_append_only.\n')
    expect(await bodyNow()).toContain('are only ever appended')
    expect(await pending()).toEqual([])
    expect(await migrate(url)).toEqual(['functions/audit_is_append_only'])
    expect(await bodyNow()).toBe(body)
  } finally {
    await newer.remove()
  }
})
