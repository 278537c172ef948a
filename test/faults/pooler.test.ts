import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type PoolMode, startPgBouncer } from '../../sandbox/services/pgbouncer.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { keywarden } from '../setup/process.ts'
import { shell } from '../setup/shell.ts'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

let pooler: Awaited<ReturnType<typeof startPgBouncer>> | undefined
afterEach(() => pooler?.stop())

async function behind(mode: PoolMode, more: string[] = []): Promise<string> {
  pooler = await startPgBouncer(database.url, mode, more)
  return pooler.url
}

const settingsIgnored =
  'ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout'
const sentence =
  /leads to a pooler in transaction mode, such as PgBouncer with pool_mode = transaction, which keeps no sessions\. Set pool_mode = session, or connect to Postgres directly\.$/

describe('PgBouncer in transaction mode is refused by name,', () => {
  const poolers: Record<string, string[]> = {
    'as it is': [],
    'with ignored settings': [settingsIgnored],
    'with one backend': ['default_pool_size = 1'],
    'with backends in turn': ['server_round_robin = 1', 'min_pool_size = 5'],
    'with two backends in turn': ['server_round_robin = 1', 'default_pool_size = 2'],
  }
  test.each(Object.entries(poolers))('%s', async (_how, more) => {
    const url = await behind('transaction', more)
    for (const command of ['keys list', 'migrate']) {
      const { code, err } = await shell(command.split(' '), { DATABASE_URL: url, ...slack })
      expect([command, code, err.trimEnd()]).toEqual([command, 1, expect.stringMatching(sentence)])
    }
    const { out } = await shell(['doctor'], { DATABASE_URL: url, ...slack })
    expect(out.split('\n').find((line) => line.includes('FAIL  Postgres'))).toMatch(sentence)
  })
})

/** Never asked: the database comes first. */
const slack = {
  SLACK_BOT_TOKEN: 'xoxb-1-2-3',
  SLACK_APP_TOKEN: 'xapp-1-2-3',
  SLACK_API_URL: 'http://127.0.0.1:9/api/',
}

test('nor does keywarden start begin there', async () => {
  const started = keywarden(['start'], { DATABASE_URL: await behind('transaction'), ...slack })
  expect(await started.ended).toBe(1)
  expect(started.said().trimEnd().split('\n')).toEqual([expect.stringMatching(sentence)])
})

test.each([[[]], [[settingsIgnored]]])(
  'PgBouncer in session mode is as good as Postgres (%o)',
  async (more) => {
    const url = await behind('session', more)
    const { code, err } = await shell(['workspace', 'list'], { DATABASE_URL: url })
    expect([code, err]).toEqual([0, ''])
    const db = openDatabase(url, { connections: 1 })
    const { rows } = await db.raw(`select current_setting('statement_timeout') as statement,
    current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle`)
    expect(rows).toEqual([{ statement: '10s', lock: '4s', idle: '10s' }])
    await db.destroy()
  },
)

test('a connection whose prepared statements are gone is replaced by another', async () => {
  const lane = openDedicatedConnection(database.url, { name: 'test', timeoutMs: 5_000 })
  const statement = { name: 'one', text: 'select 1 as one' }
  expect(await lane.query(statement, [])).toEqual([{ one: 1 }])
  await lane.query({ name: 'forget', text: 'deallocate all' }, [])
  await expect(lane.query(statement, [])).rejects.toMatchObject({ code: '26000' })
  expect(await lane.query(statement, [])).toEqual([{ one: 1 }])
  await lane.close()
})
