import { expect, onTestFinished, test } from 'vitest'
import { freshDatabase } from '../setup/database.ts'
import { freshRedis } from '../setup/redis.ts'
import { runFuzz } from './run.ts'

test('a thousand inputs by every way in: none is answered with 5xx, pollutes a prototype, logs a fault or ends the process', async () => {
  const [database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  onTestFinished(async () => void (await Promise.all([database.drop(), redis.drop()])))
  const urls = { databaseUrl: database.url, redisUrl: redis.url }
  const report = await runFuzz(urls, { cases: 1_000, seed: 1, log: () => undefined })
  expect(report.examples).toEqual([])
  expect(report).toMatchObject({ ok: true, failed: 0, faults: 0, polluted: 0, crashed: false })
  // Every way in was tried; some was taken wherever inputs can be as they should be in so few cases.
  for (const { door, cases, ok } of report.rows)
    expect([door, cases > 0, ok > 0 || ['shell', 'any address'].includes(door)]).toEqual([door, true, true])
}, 240_000)
