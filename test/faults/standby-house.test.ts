import { topModal } from 'local-slack/inspect'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { startStandby } from '../../sandbox/services/standby.ts'
import { runShell } from '../../src/cli/program.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { tryLive } from '../../src/slack/live/try-live.ts'
import { start } from '../../src/start.ts'
import { answerTo, makeKey, openDialog, said, submit } from '../setup/house.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'
import { type Cable, openCable } from './lab/cable.ts'

let primary: PostgresServer
let standby: PostgresServer
let cable: Cable
let redis: Awaited<ReturnType<typeof freshRedis>>
let house: ProcessHouse
beforeAll(async () => {
  ;[primary, redis] = await Promise.all([startPostgres({ own: true, durable: false }), freshRedis()])
  await migrate(primary.url)
  ;[standby, cable] = await Promise.all([startStandby(primary), openCable(primary.url)])
  house = await processHouse({ databaseUrl: cable.url, redisUrl: redis.url }, { KEYWARDEN_LEASE: '1s' })
})
afterAll(async () => {
  await house?.stop()
  await cable?.close()
  await Promise.all([standby?.stop(), primary?.stop(), redis?.drop()])
})

const within = { timeout: 40_000, interval: 100 }
const ready = async () => {
  const response = await fetchOperations(`${house.url}/readyz`)
  return { status: response.status, said: await response.text() }
}

test('people read that the database is out while it is a standby, and go on as soon as it is not', async () => {
  const manager = house.as('manager')
  const key = await makeKey(manager, { name: 'Before' })
  const form = await openDialog(manager, 'create')
  cable.lead(standby.url)
  cable.reset()
  await expect.poll(async () => (await ready()).status, within).toBe(503)
  expect((await ready()).said).toContain('Postgres takes no changes: it is a hot standby.')
  const out = 'The database is unavailable. This changed nothing.'
  await submit(manager, form, { name: 'Lost', scopes: ['read'] })
  const refused = await manager.waitFor(
    (screen) => /database/.test(said(topModal(screen)?.blocks ?? [])) && topModal(screen),
  )
  expect(said(refused.blocks)).toContain(out)
  await manager.close(refused.id)
  for (const command of ['list', 'activate Before'])
    expect(said(await answerTo(manager, command))).toContain(out)
  await expect.poll(() => house.verify(key), within).toMatchObject({ status: 503 })

  cable.lead(primary.url)
  await expect.poll(() => house.verify(key), within).toMatchObject({ code: 'VALID' })
  await expect.poll(async () => (await ready()).status, within).toBe(200)
  await makeKey(manager, { name: 'After' })
  expect(await house.world.db('keys').orderBy('name').pluck('name')).toEqual(['After', 'Before'])
  expect(house.process.errors()).toBe('')
  expect(house.logged().filter(({ stack, err }) => stack || err)).toEqual([])
})

describe('on a standby', () => {
  const sentence = 'Postgres takes no changes: it is a hot standby. Point DATABASE_URL at the primary.'

  /** The exit code, and what the command prints. */
  async function run(args: string[], more: Record<string, string> = {}) {
    const printed = [vi.spyOn(console, 'log').mockReturnValue(), vi.spyOn(console, 'error').mockReturnValue()]
    try {
      const env = { ...house.env, DATABASE_URL: standby.url, KEYWARDEN_LOG_LEVEL: 'silent', ...more }
      const code = await runShell(args, { env, start, tryLive })
      return { code, lines: printed.flatMap(({ mock }) => mock.calls.flat()) }
    } finally {
      for (const spy of printed) spy.mockRestore()
    }
  }

  test.each([
    'start',
    'start --roles verify',
    'migrate',
    'keys list',
    'keys revoke Before --yes',
    'workspace list',
    'service-token list',
    'audit verify',
  ])('keywarden %s says so in one sentence and exits 1', async (command) => {
    expect(await run(command.split(' '))).toEqual({ code: 1, lines: [sentence] })
  })

  test('keywarden migrate names the variable of the owner, if it is about that', async () => {
    const urls = { DATABASE_URL: primary.url, DATABASE_OWNER_URL: standby.url }
    const lines = [sentence.replace('DATABASE_URL', 'DATABASE_OWNER_URL')]
    expect(await run(['migrate'], urls)).toEqual({ code: 1, lines })
  })

  test('keywarden doctor says so', async () => {
    const { code, lines } = await run(['doctor'])
    expect(code).toBe(1)
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^FAIL +Postgres +takes no changes: it is a hot standby\. Point DATABASE_URL at the primary\.$/,
      ),
    )
  })
})
