import { afterAll, beforeAll, expect, test } from 'vitest'
import { bucketMs, fillProduction, startMs } from '../../bench/anomaly/fill.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { readProgress } from '../../src/anomaly/progress.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { administer, databaseUrl } from '../setup/administer.ts'

/** Three batches; the first 99 have ten times their usual use. */
const keys = 3_000
const strange = 99
const until = new Date(startMs + bucketMs)
const clock = { now: () => new Date(until.getTime() + 61_000) }
let server: PostgresServer
const opened: Database[] = []

beforeAll(async () => {
  server = await startPostgres({ durable: true, own: true })
  await administer(server.url, 'create database whole')
  await fillProduction(databaseUrl(server.url, 'whole'), keys, [keys])
  for (const name of ['broken', 'kept'])
    await administer(server.url, `create database ${name} template whole`)
})
afterAll(async () => {
  for (const db of opened) await db.destroy()
  await server.stop()
})

function open(name: string): Database {
  const db = openDatabase(databaseUrl(server.url, name), { connections: 8, name: 'crash' })
  opened.push(db)
  return db
}
const watch = (db: Database) => watchUse({ db, clock, random: systemRandom })

/** Everything a run leaves behind. */
async function left(db: Database) {
  const states = await db.raw('select key_id, through, md5(state) as state from anomaly_states order by 1')
  const episodes = await db('anomaly_episodes')
    .orderBy('key_id')
    .select('key_id', 'reason', 'severity', 'facts', 'level', 'declared_at', 'strange_at')
  return { states: states.rows, episodes, progress: await readProgress(db) }
}

/** The server dies when such a statement comes for the nth time, as if its machine had lost power. */
async function crashAt(db: Database, what: string, nth: number): Promise<void> {
  let seen = 0
  let dying: Promise<void> | undefined
  const listen = ({ sql }: { sql: string }) => {
    if (sql.includes(what) && ++seen === nth) dying = server.kill()
  }
  db.on('query', listen)
  await expect(watch(db)).rejects.toThrow()
  db.removeListener('query', listen)
  await dying
  await server.restart()
}

/**
 * Makes every insert into a table wait until the server is gone. A lock would not do: its holder may be gone before a
 * writer that waits for it, which then still writes.
 */
const neverWrites = (db: Database, table: string) =>
  db.raw(`
    create function never_writes() returns trigger language plpgsql as $$
    begin perform pg_sleep(3600); return new; end $$;
    create trigger never_writes before insert on ${table} execute function never_writes()`)

test('a run that dies between its batches, and again before its end, leaves what one run leaves: nothing twice, nothing lost', async () => {
  const whole = open('whole')
  expect(await watch(whole)).toEqual({ keys, left: 0 })
  const wanted = await left(whole)
  expect(wanted.episodes).toHaveLength(strange)
  const broken = open('broken')
  await crashAt(broken, 'update anomaly_states', 2)
  await neverWrites(broken, 'anomaly_progress')
  await crashAt(broken, 'into anomaly_progress', 1)
  await broken.raw('drop trigger never_writes on anomaly_progress')
  expect((await readProgress(broken))?.through).toEqual(new Date(startMs))
  expect(await watch(broken)).toEqual({ keys, left: 0 })
  expect(await left(broken)).toEqual(wanted)
})

test('what a run says it has looked at survives a crash the moment after, though no batch waits for the disk', async () => {
  const db = open('kept')
  await watch(db)
  await server.kill()
  await server.restart()
  expect((await readProgress(db))?.through).toEqual(until)
  const [row] = await db('anomaly_states').where('through', '<', until).count()
  expect(Number(row!.count)).toBe(0)
  expect(await db('anomaly_episodes')).toHaveLength(strange)
})
