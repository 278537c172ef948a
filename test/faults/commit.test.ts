import { topModal } from 'local-slack/inspect'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { type Database, openDatabase, type Transaction, transact } from '../../src/foundation/database.ts'
import { voidReveal } from '../../src/keys/reveal.ts'
import { administer } from '../setup/administer.ts'
import { openDialog, said, submitAndSee, type TestHouse, testHouse } from '../setup/house.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { keywarden } from '../setup/shell.ts'
import { type Cable, openCable } from './lab/cable.ts'

const changeLock = 4711002
const out = 'The database is unavailable. This changed nothing.'

let records: Records
let cable: Cable
/** the same database by way of the cable */
let db: Database
/** somebody else who is at work there */
let other: pg.Client
beforeAll(async () => {
  records = await openRecords()
  cable = await openCable(records.database.url)
  db = openDatabase(cable.url, { connections: 2 })
  other = new pg.Client(records.database.url)
  await other.connect()
  await other.query(`create table notes (id integer primary key deferrable initially deferred)`)
})
afterEach(async () => {
  await other.query('select pg_advisory_unlock_all()')
  await other.query('delete from notes')
})
afterAll(async () => {
  await other.end()
  await db.destroy()
  await cable.close()
  await records.drop()
})

const write = async (trx: Transaction) => {
  await trx('notes').insert({ id: 1 })
  return 'written'
}
const notes = async () => (await other.query('select id from notes')).rows.length
const statusOf = async (id: string) =>
  (await other.query('select status from keys where id = $1', [id])).rows[0].status

/** The same twice: every act runs in `transact`, jobs and migrations in knex's own form. */
const forms = [
  ['transact', (work: (trx: Transaction) => Promise<string>) => transact(db, work)],
  ['a transaction of knex', (work: (trx: Transaction) => Promise<string>) => db.transaction(work)],
] as const

describe('a COMMIT that the server answers with an error is known to have changed nothing', () => {
  test('waiting too long for the lock that changes take', async () => {
    const { key } = await records.key({ name: 'Waits' })
    await other.query('select pg_advisory_lock($1)', [changeLock])
    const done = await transact(db, async (trx) => {
      await trx.raw(`set local lock_timeout = '50ms'`)
      await trx('keys').where({ id: key.id }).update({ status: 'revoked' })
      return 'done'
    })
    expect(done).toMatchObject({ refused: true, code: 'database_out' })
    expect(await statusOf(key.id)).toBe('active')
  })

  test.each(forms)('%s: a deferred constraint that does not hold', async (_name, run) => {
    await other.query('insert into notes values (1)')
    await expect(run(write)).rejects.toThrow(/duplicate key/)
    expect(await notes()).toBe(1)
  })

  test.each(forms)(
    '%s: a statement of it had failed, and the work went on regardless',
    async (_name, run) => {
      const careless = async (trx: Transaction) => {
        await write(trx)
        await trx.raw('select 1 / 0').catch(() => undefined)
        return 'written'
      }
      await expect(run(careless)).rejects.toThrow(/rolled back/)
      expect(await notes()).toBe(0)
      // The connection is as good as before.
      expect(await run(write)).toBe('written')
      expect(await notes()).toBe(1)
    },
  )
})

describe('a connection that is lost at COMMIT leaves it open whether anything changed', () => {
  test.each([
    ['before it was heard', 'request', 0],
    ['after it was carried out', 'reply', 1],
  ] as const)('%s', async (_when, side, written) => {
    const commit = cable.hold('COMMIT;', side)
    const done = transact(db, write)
    await commit.reached
    cable.reset()
    commit.release()
    expect(await done).toMatchObject({ refused: true, code: 'outcome_unknown' })
    await expect.poll(notes).toBe(written)
  })

  test('in a transaction of knex as well', async () => {
    const commit = cable.hold('COMMIT;', 'request')
    const done = db.transaction(write)
    const failure = expect(done).rejects.toThrow(/terminated/)
    await commit.reached
    cable.reset()
    commit.release()
    await failure
  })

  test('also when the server itself ends the connection and says so', async () => {
    const done = transact(db, async (trx) => {
      await trx.raw(`create function pg_temp.ending() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return null; end $$`)
      await trx.raw(`create constraint trigger ending after insert on notes deferrable initially deferred
        for each row execute function pg_temp.ending()`)
      return write(trx)
    })
    expect(await done).toMatchObject({ refused: true, code: 'outcome_unknown' })
  })
})

describe('a connection that is lost before COMMIT changed nothing', () => {
  const nothing = { refused: true, code: 'database_out' }

  test('as the transaction began', async () => {
    // No connection here is one that a test before has broken.
    const fresh = openDatabase(cable.url, { connections: 1 })
    const begin = cable.hold('BEGIN;', 'request')
    const done = transact(fresh, write)
    await begin.reached
    cable.reset()
    begin.release()
    expect(await done).toMatchObject(nothing)
    await fresh.destroy()
  })

  test('as it was at work', async () => {
    const done = transact(db, async (trx) => {
      await write(trx)
      cable.reset()
      return write(trx)
    })
    expect(await done).toMatchObject(nothing)
    expect(await notes()).toBe(0)
  })
})

test('a transaction that gave way to another one says so, and not that the database is out', async () => {
  const done = await transact(db, (trx) =>
    trx.raw(`do $$ begin raise exception 'deadlock detected' using errcode = '40P01'; end $$`),
  )
  expect(done).toMatchObject({ code: 'database_out', next: ['Try again.'] })
  expect(JSON.stringify(done)).toContain('Another change came at the same moment. This one changed nothing.')
})

test('a reveal that was taken back may be taken back again: the first attempt may not have been heard', async () => {
  const { key } = await records.key({ name: 'Taken back' })
  const takeBack = () =>
    records.act((act) =>
      voidReveal(act, records.workspace.id, { keyId: key.id, hint: key.hint }, act.actor.id),
    )
  expect(await takeBack()).toMatchObject({ status: 'unrevealed' })
  expect(await takeBack()).toMatchObject({ status: 'unrevealed' })
  const { rows } = await other.query(
    `select body::jsonb ->> 'event' as event from audit_events where key_id = $1 order by seq desc limit 2`,
    [key.id],
  )
  expect(rows.map(({ event }) => event)).toEqual(['key.reveal-voided', 'key.revealed'])
})

describe('with a server of its own', () => {
  let server: PostgresServer
  let own: Database
  beforeAll(async () => {
    server = await startPostgres({ own: true })
    own = openDatabase(server.url, { connections: 2 })
    await own.raw(`create table notes (id integer)`)
    // Not for a lock: its holder might be stopped first, and then the COMMIT would succeed.
    await own.raw(`create function waits() returns trigger language plpgsql as $$
      begin perform pg_sleep(3600); return null; end $$`)
    await own.raw(`create constraint trigger waits after insert on notes deferrable initially deferred
      for each row execute function waits()`)
  })
  afterAll(async () => {
    await own.destroy()
    await server.stop()
  })

  test.each(['in order', 'at once'])('Postgres is stopped %s at COMMIT: nobody knows', async (how) => {
    const done = transact(own, write)
    const asleep = `select pid from pg_stat_activity where wait_event = 'PgSleep'`
    await expect.poll(() => administer(server.url, asleep)).toHaveLength(1)
    if (how === 'at once') await server.kill()
    await server.restart()
    expect(await done).toMatchObject({ refused: true, code: 'outcome_unknown' })
  })
})

describe('keywarden keys revoke', () => {
  const revoke = (id: string, url: string) =>
    keywarden(['keys', 'revoke', id, '--yes'], { DATABASE_URL: url, KEYWARDEN_LEASE: '2s' })

  test('says that nothing changed when its COMMIT waited too long', async () => {
    const { key } = await records.key({ name: 'Busy' })
    await other.query('select pg_advisory_lock($1)', [changeLock])
    const ran = await revoke(key.id, records.database.url)
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain(out)
    expect(await statusOf(key.id)).toBe('active')
  })

  test.each([
    ['before it was heard', 'request', { code: 1, out: '', err: out }, 'active'],
    ['after it was carried out', 'reply', { code: 0, out: 'Revoked', err: '' }, 'revoked'],
  ] as const)(
    'says what became of it when its COMMIT was cut off %s',
    async (_when, side, expected, status) => {
      const { key } = await records.key({ name: `Cut off ${side}` })
      const commit = cable.hold('COMMIT;', side)
      const running = revoke(key.id, cable.url)
      await commit.reached
      cable.reset()
      commit.release()
      const ran = await running
      expect(ran.code).toBe(expected.code)
      expect(ran.out).toContain(expected.out)
      expect(ran.err).toContain(expected.err)
      expect(await statusOf(key.id)).toBe(status)
    },
  )
})

describe('in Slack', () => {
  let house: TestHouse
  beforeAll(async () => {
    house = await testHouse()
  })
  afterAll(() => house.drop())

  const endings = {
    'is answered with an error': [`raise exception 'too late' using errcode = '55P03'`, out],
    'is cut off': ['perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10)', out],
  }
  test.each(Object.entries(endings))(
    'no token is shown whose COMMIT %s',
    async (_how, [statement, sentence]) => {
      const { db } = house.world
      await db.raw(`create or replace function fails() returns trigger language plpgsql as $$
        begin ${statement}; return null; end $$`)
      await db.raw(`create constraint trigger fails after insert or update on keys deferrable initially deferred
        for each row execute function fails()`)
      const manager = house.as('manager')
      const form = await openDialog(manager, 'create')
      const shown = await submitAndSee(manager, form, { name: 'Never', scopes: ['read'], expires: '90' })
      await db.raw('drop trigger fails on keys')
      expect(said(shown.blocks)).toContain(sentence)
      expect(JSON.stringify(await manager.screen())).not.toMatch(/tml_[0-9A-Za-z]{38}/)
      expect(await db('keys').where({ name: 'Never' })).toEqual([])
      await manager.close(shown.id)
      expect(topModal(await manager.screen())).toBeUndefined()
    },
  )
})
