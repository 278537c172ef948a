import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { record } from '../../src/audit/record.ts'
import { recordRefused, sumUpRefusals } from '../../src/audit/refusals.ts'
import { weaknesses } from '../../src/audit/rights.ts'
import { migrateDatabase } from '../../src/cli/migrate.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { pendingMigrations } from '../../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { shell } from '../setup/shell.ts'
import { type TwoRoles, twoRoles } from '../setup/two-roles.ts'

let roles: TwoRoles
let app: Database
beforeAll(async () => {
  roles = await twoRoles()
  const env = { DATABASE_URL: roles.appUrl, DATABASE_OWNER_URL: roles.ownerUrl }
  const migrated = await shell(['migrate'], env)
  expect(migrated).toMatchObject({ code: 0, err: '' })
  expect(migrated.out).toContain(`${roles.app} may read and append to the audit, and not change it.`)
  app = openDatabase(roles.appUrl, { connections: 2 })
  await app('accounts').insert({ id: 'acc_1', slack_team_id: 'T1', name: 'Acme', created_at: new Date() })
  await app('workspaces').insert({
    id: 'ws_1',
    account_id: 'acc_1',
    name: 'Platform',
    name_folded: 'platform',
    created_at: new Date(),
  })
  await append()
})
afterAll(async () => {
  await app.destroy()
  await roles.drop()
})

const append = () =>
  app.transaction((trx) =>
    record(
      { actor: { kind: 'job', id: 'test' }, now: new Date(), trx },
      { event: 'policy.set', workspaceId: 'ws_1' },
    ),
  )

test('the role of the app reads and appends, and knows the schema is up to date', async () => {
  expect(await app('audit_events').select('event')).toEqual([{ event: 'policy.set' }])
  expect(await pendingMigrations(app)).toEqual([])
  expect(await weaknesses(app)).toEqual([])
})

test.each([
  `update audit_events set body = '{}'`,
  'delete from audit_events',
  'truncate audit_events cascade',
  `insert into audit_events select workspace_id, seq + 1, at, event, actor_kind, actor_id, key_id, body, hash, hash from audit_events`,
  'update audit_heads set seq = 0',
  'delete from audit_heads',
  'alter table audit_events disable trigger all',
  'drop trigger audit_events_append_only on audit_events',
  'drop table audit_events cascade',
  'drop function audit_append(text, text)',
  `create or replace function audit_append(text, text) returns bigint language sql as 'select 1::bigint'`,
  'create trigger mine before insert on audit_events for each row execute function audit_is_append_only()',
  'set session_replication_role = replica',
  'create table public.audit_shadow (id int)',
  'alter function audit_append(text, text) set search_path = pg_temp',
  'delete from audit_refusals',
  'update audit_refusals set attempts = 1',
  'truncate audit_refusals',
  `insert into audit_refusals select * from audit_refusals`,
  'delete from knex_migrations',
  'delete from function_versions',
])('the role of the app is refused: %s', async (statement) => {
  await expect(administer(roles.appUrl, statement)).rejects.toThrow(/permission denied|must be owner/)
})

test('the role of the app counts refusals and sums them up, and loses none on the way, whenever it does that', async () => {
  const now = new Date('2026-11-25T10:20:00Z')
  const actor = { kind: 'member', id: 'U1', role: 'member', workspaceId: 'ws_1' } as const
  const attempt = { workspaceId: 'ws_1', action: 'key.revoke', code: 'forbidden' }
  const refused = () => app.transaction((trx) => recordRefused(trx, actor, now, attempt))
  for (let i = 0; i < 3; i++) await refused()
  // What an attacker who has the app's role would do to hide their next steps.
  await app.raw(`select sum_up_refusals(now(), 'infinity', 100), forget_refusals('infinity')`)
  for (let i = 0; i < 4; i++) await refused()
  expect(await sumUpRefusals(app, new Date('2026-11-25T11:00:00Z'))).toBe(1)
  const events = await app('audit_events').whereLike('event', 'attempt.%').orderBy('seq').pluck('body')
  expect(events.map((body) => [JSON.parse(body).event, JSON.parse(body).details.attempts])).toEqual([
    ['attempt.refused', undefined],
    ['attempt.repeated', 2],
    ['attempt.refused', undefined],
    ['attempt.repeated', 3],
  ])
})

test('no function that runs with its owner’s rights may be called by everybody', async () => {
  const { rows } = await app.raw(
    `select proname from pg_proc where pronamespace = current_schema()::regnamespace and prosecdef
       and has_function_privilege('public', oid, 'execute')`,
  )
  expect(rows).toEqual([])
})

test('temporary tables of the same names do not catch what is appended', async () => {
  const { rows } = await app.raw('select count(*) from audit_events')
  await app.transaction(async (trx) => {
    await trx.raw(
      'create temporary table audit_heads (workspace_id text primary key, seq bigint, hash bytea)',
    )
    await trx.raw(`insert into pg_temp.audit_heads values ('ws_1', 900, '\\x00')`)
    await trx.raw('create temporary table audit_events (like public.audit_events)')
    await trx.raw('grant all on pg_temp.audit_heads, pg_temp.audit_events to public')
    await trx.raw(
      `select audit_append('ws_1', '{"at":"2026-01-01T00:00:00Z","event":"key.revoked","actor":{"kind":"job","id":"x"}}')`,
    )
  })
  const events = await app('public.audit_events').orderBy('seq').select('seq')
  expect(events).toHaveLength(Number(rows[0].count) + 1)
})

test('not even the owner changes an event without taking the trigger off first', async () => {
  for (const statement of [
    `update audit_events set body = '{}'`,
    'delete from audit_events',
    'truncate audit_events',
  ])
    await expect(administer(roles.ownerUrl, statement)).rejects.toThrow('audit events are append-only')
})

test('with one role for both the audit is not protected, and its tables can be handed over', async () => {
  const single = await twoRoles()
  try {
    const config = (env: Record<string, string>) => readConfig({ DATABASE_URL: single.ownerUrl, ...env })
    expect(await migrateDatabase(config({}))).toBe(0)
    const db = openDatabase(single.ownerUrl)
    expect(await weaknesses(db)).toEqual([`${single.owner} owns its tables`])
    await db.destroy()
    const same = await shell(['migrate'], {
      DATABASE_URL: single.ownerUrl,
      DATABASE_OWNER_URL: single.ownerUrl,
    })
    expect(same).toMatchObject({ code: 1, err: expect.stringContaining('both name the role') })

    const swapped = { DATABASE_URL: single.ownerUrl, DATABASE_OWNER_URL: single.appUrl }
    const refused = await shell(['migrate'], swapped)
    expect(refused.code).toBe(1)
    const remedy = /reassign owned by .*;/.exec(refused.err)?.[0]
    await administer(databaseUrl(inject('serverUrl'), new URL(single.appUrl).pathname.slice(1)), remedy!)
    expect(await migrateDatabase(config({ DATABASE_OWNER_URL: single.appUrl }))).toBe(0)
    const handed = openDatabase(single.ownerUrl)
    expect(await weaknesses(handed)).toEqual([])
    await handed.destroy()
  } finally {
    await single.drop()
  }
})
