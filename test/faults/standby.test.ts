import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { startStandby } from '../../sandbox/services/standby.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase, transact } from '../../src/foundation/database.ts'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { openLog } from '../../src/foundation/log.ts'
import { isOutage } from '../../src/foundation/outage.ts'
import { generateToken } from '../../src/keys/token.ts'
import { confirmChange } from '../../src/leases/confirm.ts'
import { openReader } from '../../src/verification/reader.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { type Lab, openLab, type Placed } from './lab/lab.ts'

let primary: PostgresServer
let standby: PostgresServer
let lab: Lab
beforeAll(async () => {
  primary = await startPostgres({ own: true, durable: false })
  lab = await openLab(primary.url)
  standby = await startStandby(primary)
})
afterAll(async () => {
  await lab?.close()
  await Promise.all([standby?.stop(), primary?.stop()])
})

afterEach(async () => {
  // Refused by a standby that was promoted.
  await administer(standby.url, 'select pg_wal_replay_resume()').catch(() => undefined)
})

const soon = { timeout: 40_000, interval: 50 }

/** The standby has all that was committed so far. */
async function catchUp(): Promise<void> {
  const [at] = await administer(primary.url, 'select pg_current_wal_lsn()::text as lsn')
  const isThere = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as is_there'
  const has = async () => (await administer(standby.url, isThere, [at!.lsn]))[0]!.is_there
  await expect.poll(has, soon).toBe(true)
}

/** From now on it learns nothing more. */
async function holdStandby(): Promise<void> {
  await catchUp()
  await administer(standby.url, 'select pg_wal_replay_pause()')
}

const readiness = async ({ process }: Placed) => {
  const response = await fetchOperations(`${process.url}/readyz`)
  return { status: response.status, said: await response.text() }
}

const leases = () => administer(primary.url, 'select name from leases where renewals > 0')

const warnings = ({ process }: Placed, words: RegExp) =>
  process.log.filter((line) => /"level":"(warn|error|fatal)"/.test(line) && words.test(line))

describe('a verifier whose address leads to a hot standby', () => {
  test('answers 503 whatever the standby says, is not ready, and is back by itself', async () => {
    const [known, other] = await lab.keys(2)
    const unknown = { id: '', token: generateToken('tml_', (n) => Buffer.alloc(n, 7)).open() }
    const placed = await lab.place()
    expect(await placed.ask(known!)).toBe('VALID')
    await holdStandby()

    placed.cable.lead(standby.url)
    placed.cable.reset()
    await lab.confirm(await lab.revoke(known!))
    for (const key of [known!, other!, unknown]) expect(await placed.ask(key)).toBe('HTTP 503')
    const { status, said } = await readiness(placed)
    expect([status, said]).toEqual([503, expect.stringContaining('it is a hot standby')])

    // Open connections stay where they are: the verifier has to close them.
    placed.cable.lead(primary.url)
    await expect.poll(() => placed.ask(other!), soon).toBe('VALID')
    expect(await placed.ask(known!)).toBe('REVOKED')
    expect(await placed.ask(unknown)).toBe('NOT_FOUND')
    await expect.poll(leases, soon).toEqual([{ name: placed.process.name }])
    await expect.poll(async () => (await readiness(placed)).status, soon).toBe(200)
    expect(await placed.process.end()).toBe(0)
    // Once each time that it cannot, however often it tries.
    const lease = placed.process.log.flatMap(
      (line) => /"event":"lease\.(renewal_failed|renewed_again)"/.exec(line)?.[1] ?? [],
    )
    expect(lease.length).toBeGreaterThan(0)
    expect(lease).toEqual(lease.map((_, i) => (i % 2 === 0 ? 'renewal_failed' : 'renewed_again')))
    expect(warnings(placed, /lease\.changes_unreadable/).length).toBeLessThanOrEqual(1)
  })

  test('is not told that a change was confirmed which the standby has not seen', async () => {
    const [key] = await lab.keys(1)
    await holdStandby()
    await lab.revoke(key!)
    const world = {
      config: readConfig({ DATABASE_URL: standby.url }),
      db: openDatabase(standby.url),
      log: openLog({ level: 'silent', tokenPrefix: 'tml_' }),
      clock: systemClock,
    }
    expect(await confirmChange(world, [key!.id])).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('hot standby'),
    })
    await world.db.destroy()
  })
})

describe('a primary that takes no changes for a while', () => {
  /** For connections from now on. */
  const setReadOnly = (isReadOnly: boolean) =>
    lab.sql.query(
      isReadOnly
        ? 'alter database postgres set default_transaction_read_only = on'
        : 'alter database postgres reset default_transaction_read_only',
    )

  afterEach(() => setReadOnly(false))

  test('is read by a verifier, which is not ready once its lease is over, and is ready again by itself', async () => {
    const [key] = await lab.keys(1)
    const placed = await lab.place()
    await expect.poll(async () => (await readiness(placed)).status, soon).toBe(200)
    await setReadOnly(true)
    placed.cable.reset()
    await expect.poll(async () => (await readiness(placed)).status, soon).toBe(503)
    expect((await readiness(placed)).said).toContain('Postgres takes no changes: it is read-only.')
    expect(await placed.ask(key!)).toBe('VALID')
    await setReadOnly(false)
    await expect.poll(async () => (await readiness(placed)).status, soon).toBe(200)
    await expect.poll(leases, soon).toEqual([{ name: placed.process.name }])
    expect(await placed.process.end()).toBe(0)
  })

  test('is an outage for a change, and a connection that met it is not used again', async () => {
    await setReadOnly(true)
    const db = openDatabase(primary.url, { connections: 1 })
    const lane = openDedicatedConnection(primary.url, { name: 'test', timeoutMs: 5_000 })
    const prune = `delete from leases where name = 'nobody'`
    const changing = () => transact(db, async (trx) => void (await trx.raw(prune)))
    const changingInLane = () => lane.query({ name: 'prune', text: prune }, [])
    expect(await changing()).toMatchObject({ code: 'database_out' })
    expect(isOutage(await changingInLane().catch((error) => error))).toBe(true)
    await setReadOnly(false)
    expect(await changing()).toBeUndefined()
    expect(await changingInLane()).toEqual([])
    await db.destroy()
    await lane.close()
  })
})

describe('a server in recovery is no database, whatever it is asked:', () => {
  test.each([
    ['25006', `update keys set name = 'x'`],
    ['25006', 'select from keys for update'],
    ['25006', 'listen keywarden_changes'],
    ['25006', `select pg_notify('x', '')`],
    ['0A000', 'select id from epoch'],
    ['0A000', `select * from renew_lease('a', 'a', 1000, 0, true)`],
    ['55000', 'select pg_current_wal_lsn()'],
  ])('%s, %s', async (code, statement) => {
    const error = await administer(standby.url, statement).catch((refused) => refused)
    expect([error.code, isOutage(error)]).toEqual([code, true])
  })

  test('not even for a question that it could answer', async () => {
    const db = openDatabase(standby.url)
    const lane = openDedicatedConnection(standby.url, { name: 'test', timeoutMs: 5_000 })
    const text = 'select 1'
    for (const ask of [async () => db.raw(text), () => lane.query({ name: 'one', text }, [])]) {
      const error = await ask().catch((refused: unknown) => refused)
      expect([String(error), isOutage(error)]).toEqual([expect.stringContaining('hot standby'), true])
    }
    await db.destroy()
    await lane.close()
  })

  test('also over a connection that began at the primary, which is not used again', async () => {
    // A database that says of itself what stands in a table.
    const name = 'routed'
    await administer(primary.url, `create database ${name} template template0`)
    const url = databaseUrl(primary.url, name)
    await administer(
      url,
      `create table says (is_standby boolean); insert into says values (false);
       create function pg_is_in_recovery() returns boolean language sql as 'select is_standby from public.says';
       create table things (token_hash bytea); insert into things values ('\\x01');
       alter database ${name} set search_path = public, pg_catalog`,
    )
    const text = 'select token_hash from things where token_hash = any($1::bytea[])'
    const statement = { name: 'things', text }
    const reader = openReader({
      url,
      statement,
      connections: 1,
      timeoutMs: 5_000,
      max: 10,
      heardTime: () => {},
    })
    expect(await reader.read('\x01')).toMatchObject({ token_hash: Buffer.from([1]) })
    expect(await reader.read('\x02')).toBeNull()
    await administer(url, 'update says set is_standby = true')
    for (const hash of ['\x01', '\x02']) {
      const error = await reader.read(hash).catch((refused) => refused)
      expect([String(error), isOutage(error)]).toEqual([expect.stringContaining('hot standby'), true])
    }
    const connected = `select application_name from pg_stat_activity where datname = '${name}'`
    await expect.poll(() => administer(primary.url, connected), soon).toEqual([])
    await reader.close()
  })
})

test("a verifier whose clock is not the database's is ready with a lease, and says once that it is wrong", async () => {
  const url = databaseUrl(primary.url, 'early')
  await administer(primary.url, 'create database early template template0')
  const early = await openLab(url)
  await early.sql.query(
    `alter function renew_lease rename to renew_lease_in_time;
     create function renew_lease(text, text, integer, bigint, boolean)
     returns table (is_fenced boolean, epoch_id text, head bigint, pruned bigint, database_ms double precision,
       replicas integer, place integer)
     language sql as 'select is_fenced, epoch_id, head, pruned, database_ms + 3600000, replicas, place
       from renew_lease_in_time($1, $2, $3, $4, $5)'`,
  )
  const [key] = await early.keys(1)
  const placed = await early.place()
  const renewals = async () => (await early.sql.query('select renewals::int from leases')).rows[0]?.renewals
  await expect.poll(renewals, soon).toBeGreaterThan(2)
  await expect
    .poll(() => readiness(placed), soon)
    .toEqual({ status: 200, said: expect.stringMatching(/"The clock is 3\d{6} ms from the database's/) })
  expect(await placed.ask(key!)).toBe('VALID')
  const metrics = await (await fetchOperations(`${placed.process.url}/metrics`)).text()
  expect(metrics).toMatch(/^keywarden_clock_wrong_seconds 3[56]\d\d\./m)
  expect(metrics).toMatch(/^keywarden_lease_held 1$/m)
  await placed.process.end()
  expect(warnings(placed, /The clock is 3\d{6} ms from the database's/)).toHaveLength(1)
  await early.close()
})

test('a verifier whose address leads to a standby goes on by itself when that is promoted', async () => {
  const [key] = await lab.keys(1)
  const placed = await lab.place()
  await catchUp()
  placed.cable.lead(standby.url)
  await primary.kill()
  await expect.poll(async () => (await readiness(placed)).said, soon).toContain('it is a hot standby')
  expect(await placed.ask(key!)).toBe('HTTP 503')
  await administer(standby.url, 'select pg_promote()')
  await expect.poll(() => placed.ask(key!), soon).toBe('VALID')
  await expect.poll(async () => (await readiness(placed)).status, soon).toBe(200)
  expect(await placed.process.end()).toBe(0)
})
