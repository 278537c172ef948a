import { Redis } from 'ioredis'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../jobs/engine/job.ts'
import { openWorker, type RunningWorker } from '../../jobs/engine/worker.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { type WatchedRedis, watchedRedis } from '../setup/sentinel.ts'

let database: FreshDatabase
let redis: WatchedRedis
let world: World
let workers: RunningWorker[] = []
const logged: Record<string, unknown>[] = []
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), watchedRedis()])
  world = {
    clock: systemClock,
    db: openDatabase(database.url, { connections: 4 }),
    log: pino({ level: 'info' }, { write: (line) => logged.push(JSON.parse(line)) }),
    config: { redisUrl: redis.url },
    random: systemRandom,
  } as unknown as World
})
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()))
  await world.db.destroy()
  await Promise.all([database.drop(), redis.stop()])
})

const soon = { timeout: 40_000, interval: 50 }
const runs = { quick: [] as number[], long: 0 }
let endLong = () => {}

/** Of each second; the first run of the second one takes until the test says so. */
const jobs: Job[] = [
  {
    ...{ name: 'quick', cron: '* * * * * *', timeZone: 'UTC', lateSeconds: 60 },
    run: async () => void runs.quick.push(Date.now()),
  },
  {
    ...{ name: 'long', cron: '* * * * * *', timeZone: 'UTC', lateSeconds: 60 },
    run: () => {
      runs.long += 1
      return runs.long > 1 ? Promise.resolve() : new Promise<void>((resolve) => (endLong = resolve))
    },
  },
]

/** A failover: what comes after it is run by BullMQ on the new primary, and each second at most once. */
async function goesOnAfter(change: () => Promise<void>) {
  const before = await redis.primary()
  const [ran, sinceMs] = [runs.quick.length, Date.now()]
  await change()
  await expect.poll(async () => (await redis.primary()).port, soon).not.toBe(before.port)
  const then = runs.quick.length
  await expect.poll(() => runs.quick.length, soon).toBeGreaterThan(then + 5)
  const seconds = Math.ceil((Date.now() - sinceMs) / 1_000)
  expect(runs.quick.length - ran).toBeLessThanOrEqual(seconds + 1)
  expect(seconds).toBeLessThan(60)
  return before
}

test('behind Sentinel two workers go on after a planned failover and after a crash, and no run comes twice', async () => {
  const context = { world, deliver: async () => undefined }
  workers = [openWorker(context, jobs), openWorker(context, jobs)]
  await expect.poll(() => runs.quick.length, soon).toBeGreaterThan(2)
  await expect.poll(() => runs.long, soon).toBe(1)
  const longSlot = (await world.db('job_runs').where({ job: 'long' }).first()).started_at as Date

  await goesOnAfter(() => redis.handOver())
  expect(runs.long).toBe(1)
  const crashed = await goesOnAfter(async () => (await redis.primary()).kill())
  expect(runs.long).toBe(1)

  // The run that began under the first primary ends under the third.
  endLong()
  await expect.poll(() => runs.long, soon).toBeGreaterThan(1)
  const primary = await redis.primary()
  const inside = new Redis(primary.url)
  await expect.poll(() => inside.lrange('keywarden:keywarden:active', 0, -1), soon).toEqual([])
  const seconds = Math.ceil((Date.now() - longSlot.getTime()) / 1_000)
  expect(runs.long).toBeLessThanOrEqual(seconds)
  inside.disconnect()
  await crashed.restart()
  const times = (wanted: string) => logged.filter(({ event }) => event === wanted).length
  await expect.poll(() => times('redis.available') - times('redis.unavailable'), soon).toBe(0)
  expect(times('redis.unavailable')).toBeLessThanOrEqual(8)
  const states = logged.map(({ event }) => event)
  expect(states.filter((event) => !/^redis\./.test(String(event)))).toEqual([])
})
