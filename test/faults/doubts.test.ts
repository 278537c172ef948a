import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { startStandby } from '../../sandbox/services/standby.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { administer } from '../setup/administer.ts'
import { keywarden } from '../setup/process.ts'
import { shell } from '../setup/shell.ts'
import { type TwoRoles, twoRoles } from '../setup/two-roles.ts'

/** The warnings of doctor about Postgres, and those of a verifier as it starts. */
async function doubts(url: string): Promise<{ doctor: string[]; start: string[] }> {
  const { out } = await shell(['doctor'], { DATABASE_URL: url })
  const doctor = out.split('\n').flatMap((line) => /^warn +Postgres +(.*)$/.exec(line)?.[1] ?? [])
  const verifier = keywarden(['start', '--roles', 'verify'], { DATABASE_URL: url, KEYWARDEN_HTTP_PORT: '0' })
  await verifier.saysSoon(/keywarden is up/, 50)
  await verifier.stop()
  const lines = verifier.said().split('\n')
  const start = lines.flatMap((line) => (line.includes('database.doubted') ? JSON.parse(line).doubt : []))
  return { doctor, start }
}

describe('a standby that follows', () => {
  let primary: PostgresServer
  let standby: PostgresServer
  beforeAll(async () => {
    primary = await startPostgres({ own: true, durable: false })
    await migrate(primary.url)
    standby = await startStandby(primary, { name: 'berlin' })
  })
  afterAll(async () => {
    await standby?.stop()
    await primary?.stop()
  })
  const following = () => administer(primary.url, 'select application_name from pg_stat_replication')

  test('asynchronously is warned of: promoting it may undo what was confirmed', async () => {
    await expect.poll(following, { timeout: 40_000 }).toHaveLength(1)
    const warned = [
      expect.stringMatching(/^the standby berlin is asynchronous: .*; name it in synchronous_standby_names$/),
    ]
    expect(await doubts(primary.url)).toEqual({ doctor: warned, start: warned })
  })

  test('and is named is not', async () => {
    await administer(primary.url, `alter system set synchronous_standby_names = 'berlin'`)
    await administer(primary.url, 'select pg_reload_conf()')
    expect(await doubts(primary.url)).toEqual({ doctor: [], start: [] })
  })
})

describe('the role of the app', () => {
  let roles: TwoRoles
  beforeAll(async () => {
    roles = await twoRoles()
    const { code } = await shell(['migrate'], {
      DATABASE_URL: roles.appUrl,
      DATABASE_OWNER_URL: roles.ownerUrl,
    })
    expect(code).toBe(0)
  })
  afterAll(() => roles.drop())
  afterEach(async () => {
    await shell(['migrate'], { DATABASE_URL: roles.appUrl, DATABASE_OWNER_URL: roles.ownerUrl })
    await administer(roles.ownerUrl, 'create extension if not exists btree_gin')
  })

  test('has the rights that it needs after keywarden migrate', async () => {
    expect(await doubts(roles.appUrl)).toEqual({ doctor: [], start: [] })
  })

  test('is warned of rights that it lacks', async () => {
    await administer(roles.ownerUrl, `revoke delete on outbox from ${roles.app}`)
    await administer(roles.ownerUrl, `revoke usage on change_seq from ${roles.app}`)
    const warned = [
      'the role of DATABASE_URL lacks delete on outbox, usage on change_seq; run keywarden migrate with DATABASE_OWNER_URL, which grants it',
    ]
    expect(await doubts(roles.appUrl)).toEqual({ doctor: warned, start: warned })
  })

  test('that may do nothing does not start, and is not said to be behind', async () => {
    await administer(roles.ownerUrl, `revoke select on knex_migrations from ${roles.app}`)
    const ran = await shell(['workspace', 'list'], { DATABASE_URL: roles.appUrl })
    expect(ran.code).toBe(0)
    const started = keywarden(['start', '--roles', 'verify'], { DATABASE_URL: roles.appUrl })
    expect(await started.ended).toBe(1)
    expect(started.said().trimEnd()).toMatch(
      /^The role of DATABASE_URL lacks a right \(permission denied for table knex_migrations\)\. Run keywarden migrate with DATABASE_OWNER_URL, which grants it\.$/,
    )
  })

  test('that looks for the tables elsewhere is told where they are', async () => {
    const DATABASE_URL = `${roles.appUrl}?options=-csearch_path%3Delsewhere`
    const told =
      /^(FAIL +Postgres +)?The role \S+ does not see the tables, which are in the schema public\. As their owner run: grant usage on schema public to \S+; alter role \S+ set search_path = public;$/m
    const migrated = await shell(['migrate'], { DATABASE_URL, DATABASE_OWNER_URL: roles.ownerUrl })
    expect(migrated).toMatchObject({ code: 1, err: expect.stringMatching(told) })
    expect((await shell(['doctor'], { DATABASE_URL })).out).toMatch(told)
    const started = keywarden(['start', '--roles', 'verify'], { DATABASE_URL })
    expect(await started.ended).toBe(1)
    expect(started.said()).toMatch(told)
  })

  test('is warned of a missing extension', async () => {
    await administer(roles.ownerUrl, 'drop extension btree_gin cascade')
    const warned = ['the extension btree_gin is missing; as its owner run: create extension btree_gin;']
    expect(await doubts(roles.appUrl)).toEqual({ doctor: warned, start: warned })
  })
})
