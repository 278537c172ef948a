import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { perform } from '../../src/acts/perform.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import {
  type DedicatedConnection,
  openDedicatedConnection,
} from '../../src/foundation/dedicated-connection.ts'
import { openLog } from '../../src/foundation/log.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { acknowledge } from '../../src/leases/changes.ts'
import { confirmChange, confirmRequest } from '../../src/leases/confirm.ts'
import { receiptOf } from '../../src/leases/receipt.ts'
import { renew } from '../../src/leases/renew.ts'
import { openWatcher } from '../../src/leases/watcher.ts'
import { type Lab, openLab, until } from '../faults/lab/lab.ts'
import type { LabKey } from '../faults/lab/seed.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { keywarden } from '../setup/shell.ts'

const log = openLog({ level: 'silent', tokenPrefix: 'tml_' })
const clock = { now: () => new Date() }
const ghost = 'verifiers before the database recovered'

let database: FreshDatabase
let lab: Lab
let db: Database
/** the connection of a verifier that does what a test says */
let verifier: DedicatedConnection
let world: Parameters<typeof openWatcher>[0]
beforeEach(async () => {
  database = await freshDatabase()
  lab = await openLab(database.url, async () => {})
  db = openDatabase(database.url, { connections: 2 })
  verifier = openDedicatedConnection(database.url, { name: 'verifier', timeoutMs: 10_000 })
  world = { db, clock, log, config: readConfig({ DATABASE_URL: database.url }) }
})
afterEach(async () => {
  await verifier.close()
  await db.destroy()
  await lab.close()
  await database.drop()
})

const silent = (ttlMs: number) => renew(verifier, { id: 'inc_silent', name: 'silent', ttlMs }, 0, true)

/** As Postgres leaves it behind when it recovers; what standby or dump did not have is lost by itself. */
const recover = `delete from epoch; delete from leases;`
/** The changes after that one, and what they did to a key. */
const lose = (key: LabKey, after = 0) => `
  set local session_replication_role = replica;
  delete from change_subjects where seq > ${after}; delete from changes where seq > ${after};
  update keys set status = 'active' where id = '${key.id}';
  select setval('change_seq', ${after + 1}, false);
  set local session_replication_role = origin;`
const atOnce = (...statements: string[]) => lab.sql.query(`begin; ${statements.join('')} commit`)

/** Waits until somebody has looked at the leases, and waits for one of them. */
const isWaitedFor = () =>
  until(async () => {
    const { rows } = await lab.sql.query(
      `select from pg_stat_activity where datname = current_database() and query like '%read_leases%'
         and application_name = 'keywarden confirm'`,
    )
    return rows.length > 0
  })

test('a wait that began before a recovery lets nobody go who was seen after it', async () => {
  const drawn = { ms: 0 }
  const watcher = openWatcher(world, { monotonicMs: () => drawn.ms, wallMs: () => drawn.ms })
  const [one, two] = await lab.keys(2)
  await silent(60_000)
  const first = await lab.revoke(one!)
  expect(await watcher.confirm(first, 4_000)).toMatchObject({ state: 'pending', waitingFor: ['silent'] })
  drawn.ms = 50_000
  await atOnce(recover)
  expect(await watcher.confirm(first, 4_000)).toMatchObject({ state: 'pending', waitingFor: [ghost] })
  // Since the first wait began a whole lease has passed by now, but not since the ghost was seen.
  drawn.ms = 70_000
  const second = await lab.revoke(two!)
  expect(await watcher.confirm(second, 4_000)).toMatchObject({ state: 'pending', waitingFor: [ghost] })
  drawn.ms = 110_001
  expect(await watcher.confirm(second, 10_000)).toMatchObject({ state: 'confirmed', waitedOut: [ghost] })
  await watcher.close()
})

test('what a verifier said before a recovery is not held against a change of after it', async () => {
  const watcher = openWatcher(world)
  const [one, two] = await lab.keys(2)
  await silent(60_000)
  const waiting = watcher.confirm(await lab.revoke(one!), 10_000)
  await isWaitedFor()
  await acknowledge(verifier, 'inc_silent', 1)
  expect(await waiting).toMatchObject({ state: 'confirmed' })
  // The number comes back, and so does the very lease: with an older word, and without a ghost beside it.
  const { rows } = await lab.sql.query('select * from leases')
  await atOnce(lose(one!), recover)
  await lab.sql.query('select current_epoch()')
  await lab.sql.query('delete from leases')
  await lab.sql.query(`insert into leases select * from jsonb_populate_record(null::leases, $1)`, [
    JSON.stringify({ ...rows[0], head_at_renewal: 0, acknowledged: 0 }),
  ])
  const seq = await lab.revoke(two!)
  expect(seq).toBe(1)
  expect(await watcher.confirm(seq, 4_000)).toMatchObject({ state: 'pending', waitingFor: ['silent'] })
  await watcher.close()
})

describe('a change that the database has lost is confirmed to nobody', () => {
  test('while somebody waits for it', async () => {
    const [key] = await lab.keys(1)
    await silent(60_000)
    await lab.revoke(key!)
    const receipt = confirmChange(world, [key!.id], { to: 'revoked' })
    await isWaitedFor()
    await atOnce(lose(key!), recover)
    expect(await receipt).toMatchObject({ state: 'unknown', why: 'lost' })
  })

  test('while somebody waits for it, and its number is given to the change of another key', async () => {
    const [key, other] = await lab.keys(2)
    await silent(60_000)
    const seq = await lab.revoke(key!)
    const receipt = confirmChange(world, [key!.id], { to: 'revoked' })
    await isWaitedFor()
    await atOnce(lose(key!), recover, `update keys set status = 'revoked' where id = '${other!.id}';`)
    expect((await lab.sql.query('select max(seq)::int as seq from changes')).rows[0].seq).toBe(seq)
    expect(await receipt).toMatchObject({ state: 'unknown', why: 'lost' })
  })

  test('before anybody began to wait', async () => {
    const [key] = await lab.keys(1)
    await lab.revoke(key!)
    await atOnce(lose(key!), recover)
    expect(await confirmChange(world, [key!.id])).toMatchObject({ state: 'unknown', why: 'lost' })
  })

  test('by an older change of the same key', async () => {
    const [key] = await lab.keys(1)
    await lab.sql.query('update keys set limit_per_minute = 5 where id = $1', [key!.id])
    expect(await confirmChange(world, [key!.id])).toMatchObject({ state: 'confirmed', seq: 1 })
    await lab.revoke(key!)
    await atOnce(lose(key!, 1), recover)
    expect(await confirmChange(world, [key!.id], { to: 'revoked' })).toMatchObject({ why: 'lost' })
  })

  test.each([
    ['a key that has an end', `ends_at = clock_timestamp() + interval '1 day'`],
    ['a key that is paused', `status = 'inactive'`],
  ])('by the change that made it %s', async (_what, change) => {
    const [key] = await lab.keys(1)
    await lab.sql.query(`update keys set ${change} where id = $1`, [key!.id])
    expect(await confirmChange(world, [key!.id])).toMatchObject({ state: 'confirmed', seq: 1 })
    await lab.revoke(key!)
    await atOnce(lose(key!, 1), `update keys set ${change} where id = '${key!.id}';`, recover)
    expect(await confirmChange(world, [key!.id], { to: 'revoked' })).toMatchObject({ why: 'lost' })
  })

  test('beside the change of another key that is there', async () => {
    const [key, other] = await lab.keys(2)
    await lab.revoke(other!)
    await lab.revoke(key!)
    await atOnce(lose(key!, 1), recover)
    expect(await confirmChange(world, [key!.id, other!.id])).toMatchObject({ why: 'lost' })
  })

  test('although the key itself is out of use, while somebody waits', async () => {
    const [key] = await lab.keys(1)
    await silent(60_000)
    await lab.revoke(key!)
    const receipt = confirmChange(world, [key!.id], { to: 'revoked' })
    await isWaitedFor()
    await atOnce(`delete from changes;`, recover)
    expect(await receipt).toMatchObject({ state: 'unknown', why: 'lost' })
  })

  test('nor does keywarden keys revoke say "Revoked"', { timeout: 120_000 }, async () => {
    const [key] = await lab.keys(1)
    await silent(600_000)
    const running = keywarden(['keys', 'revoke', key!.id, '--yes'], { DATABASE_URL: database.url })
    await isWaitedFor()
    await atOnce(lose(key!), recover)
    const ran = await running
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain('The database does not have this change')
  })
})

describe('what a number says of a change', () => {
  const epoch = async () => (await lab.sql.query('select current_epoch() as id')).rows[0].id

  test('pruned after it was confirmed: confirmed; missing otherwise: lost; of another epoch: nothing', async () => {
    const [key] = await lab.keys(1)
    const seq = await lab.revoke(key!)
    expect(await receiptOf(db, seq)).toMatchObject({ state: 'pending' })
    expect(await receiptOf(db, seq, await epoch())).toMatchObject({ state: 'pending' })
    await lab.confirm(seq)
    expect(await receiptOf(db, seq, 'another')).toMatchObject({ why: 'recovered' })
    expect(await receiptOf(db, seq)).toMatchObject({ state: 'confirmed', seq })
    await lab.sql.query('delete from changes')
    expect(await receiptOf(db, seq)).toMatchObject({ state: 'unknown', why: 'lost' })
    await lab.sql.query('update change_log set pruned_to = $1', [seq])
    expect(await receiptOf(db, seq)).toMatchObject({ state: 'confirmed', seq })
    expect(await receiptOf(db, seq + 1)).toMatchObject({ why: 'lost' })
    // The key is revoked in the table, so its change was there.
    expect(await confirmChange(world, [key!.id], { to: 'revoked' })).toMatchObject({ state: 'confirmed' })
  })

  test('a key that nobody has revealed was never held by anybody', async () => {
    const [key] = await lab.keys(1)
    await atOnce(`set local session_replication_role = replica;
      update keys set status = 'unrevealed', token_hash = null, hint = null where id = '${key!.id}';`)
    await lab.sql.query(`update keys set status = 'revoked' where id = $1`, [key!.id])
    expect(await confirmChange(world, [key!.id], { to: 'revoked' })).toMatchObject({
      state: 'confirmed',
      seq: null,
    })
  })

  test('a recovery that lost nothing is waited through', async () => {
    const [key] = await lab.keys(1)
    // So long that it has not run out before the recovery.
    await silent(5_000)
    await lab.revoke(key!)
    const receipt = confirmChange(world, [key!.id], { to: 'revoked' })
    await isWaitedFor()
    await atOnce(recover)
    expect(await receipt).toMatchObject({ state: 'confirmed', seq: 1, waitedOut: [ghost] })
  })
})

describe('with a server of its own', () => {
  let server: PostgresServer
  let sql: pg.Client
  const connect = async () => {
    sql = new pg.Client(server.url)
    sql.on('error', () => undefined)
    await sql.connect()
  }
  beforeAll(async () => {
    server = await startPostgres({ own: true })
    await migrate(server.url)
    await connect()
  })
  afterAll(async () => {
    await sql.end()
    await server.stop()
  })
  const newVerifier = () => openDedicatedConnection(server.url, { name: 'verifier', timeoutMs: 30_000 })

  test('a clean restart begins an epoch: nothing tells it from one on older files', async () => {
    const lane = newVerifier()
    const { epoch } = await renew(lane, { id: 'inc_a', name: 'a', ttlMs: 5_000 }, 0, true)
    await lane.close()
    await server.restart()
    await connect()
    const again = newVerifier()
    const renewal = await renew(again, { id: 'inc_a', name: 'a', ttlMs: 5_000 }, 0, false)
    await again.close()
    expect(renewal.isFenced).toBe(true)
    expect(renewal.epoch).not.toBe(epoch)
    expect((await sql.query('select name from leases')).rows).toEqual([{ name: ghost }])
  })

  test('a renewal that the synchronous standby may not have is no lease', async () => {
    await sql.query(`alter system set synchronous_standby_names = 'nobody'`)
    await sql.query('select pg_reload_conf()')
    const lane = newVerifier()
    const renewal = renew(lane, { id: 'inc_b', name: 'b', ttlMs: 5_000 }, 0, true)
    const failure = expect(renewal).rejects.toThrow(/not yet durable/)
    const { pid } = await until(async () => {
      const { rows } = await sql.query(`select pid from pg_stat_activity where wait_event = 'SyncRep'`)
      return rows[0]
    })
    await sql.query('select pg_cancel_backend($1)', [pid])
    await failure
    await lane.close()
  })
})

describe('the receipt of a request is about the change that its act made', () => {
  const operator = { kind: 'operator', id: 'test' } as const
  const limit = (key: LabKey, perMinute: number, requestId: string) =>
    perform(
      world,
      operator,
      (act) => act.trx('keys').where({ id: key.id }).update({ limit_per_minute: perMinute }),
      { requestId },
    )

  test('not the one before it, nor the one after it', async () => {
    const [key] = await lab.keys(1)
    for (const n of [1, 2, 3]) await limit(key!, n, `view ${n}`)
    expect(await confirmRequest(world, 'view 2')).toMatchObject({ state: 'confirmed', seq: 2 })
    expect(await confirmRequest(world, 'view 3')).toMatchObject({ state: 'confirmed', seq: 3 })
  })

  test('an edit that a recovery lost is lost, although an earlier one of the same key is confirmed', async () => {
    const [key] = await lab.keys(1)
    await limit(key!, 1, 'view 1')
    expect(await confirmRequest(world, 'view 1')).toMatchObject({ state: 'confirmed', seq: 1 })
    await silent(60_000)
    await limit(key!, 2, 'view 2')
    const receipt = confirmRequest(world, 'view 2')
    await isWaitedFor()
    await atOnce(
      lose(key!, 1),
      recover,
      `delete from acts_done where request_id = 'view 2'; delete from lease_lengths;`,
    )
    // Its number is that of another change by now.
    await limit(key!, 3, 'view 3')
    expect(await receipt).toMatchObject({ state: 'unknown', why: 'lost' })
    expect(await confirmRequest(world, 'view 1')).toMatchObject({ state: 'confirmed', seq: 1 })
    expect(await confirmRequest(world, 'view 3')).toMatchObject({ state: 'confirmed', seq: 2 })
  })

  test('one that kept its change is confirmed in the next epoch', async () => {
    const [key] = await lab.keys(1)
    await silent(60_000)
    await limit(key!, 1, 'view 1')
    const receipt = confirmRequest(world, 'view 1')
    await isWaitedFor()
    await atOnce(recover, `delete from lease_lengths;`)
    expect(await receipt).toMatchObject({ state: 'confirmed', seq: 1 })
  })

  test('an act that changed nothing which verifiers remember has nothing to wait for', async () => {
    await silent(60_000)
    const [key] = await lab.keys(1)
    await perform(
      world,
      operator,
      (act) => act.trx('keys').where({ id: key!.id }).update({ name: 'Another' }),
      {
        requestId: 'view 1',
      },
    )
    expect(await confirmRequest(world, 'view 1')).toMatchObject({ state: 'confirmed', seq: null })
  })

  test('an id that was found to be rolled back has no receipt', async () => {
    await db('acts_done').insert({ request_id: 'view 1', done_at: new Date(), is_barred: true })
    expect(await confirmRequest(world, 'view 1')).toMatchObject({ state: 'unknown', why: 'lost' })
  })
})
