import { calls, fault } from 'local-slack/person'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { answerTo, said } from '../setup/house.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'

let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let house: ProcessHouse
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url })
})
afterAll(async () => {
  await house?.stop()
  await Promise.all([database.drop(), redis.drop()])
})

const soon = { timeout: 40_000, interval: 10 }
const opened = async () => (await calls(house.slack.url, 'apps.connections.open')).length

const warnings = () => house.logged().filter(({ msg }) => /Slack cannot be reached/.test(String(msg))).length

test('while Slack renews a connection, as it does every hour or so, a command still arrives', async () => {
  await expect.poll(() => house.slack.connections(), soon).toBe(2)
  const before = await opened()
  house.slack.refreshSockets()
  await expect.poll(opened, soon).toBeGreaterThan(before)
  await expect.poll(() => house.slack.connections(), soon).toBe(2)
  expect(said(await answerTo(house.as('manager'), 'help'))).toContain('Keywarden')
})

test.each([
  ['answers 500', 'server_error'],
  ['drops the line', 'drop_before'],
  ['says that it is in trouble', 'error'],
] as const)(
  'a Slack that %s when the bot dials again is dialled on, and the process lives',
  async (_what, kind) => {
    await expect.poll(() => house.slack.connections(), soon).toBe(2)
    const [before, warned] = [await opened(), warnings()]
    await fault(house.slack.url, { method: 'apps.connections.open', times: 4, kind, error: 'internal_error' })
    house.slack.refreshSockets()
    await expect.poll(opened, soon).toBeGreaterThanOrEqual(before + 6)
    await expect.poll(() => house.slack.connections(), soon).toBe(2)
    expect(said(await answerTo(house.as('manager'), 'help'))).toContain('Keywarden')
    expect(house.process.child.exitCode).toBeNull()
    expect(house.process.errors()).toBe('')
    // Once for each line that was lost, not for each attempt.
    expect(warnings() - warned).toBeLessThanOrEqual(2)
    expect(warnings() - warned).toBeGreaterThanOrEqual(1)
  },
)
