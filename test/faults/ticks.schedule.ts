import { CronExpressionParser } from 'cron-parser'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../jobs/engine/job.ts'
import { type JobQueue, openQueue } from '../../jobs/engine/queue.ts'
import { startWatchdog } from '../../jobs/engine/watchdog.ts'
import { timetable } from '../../jobs/timetable.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let database: FreshDatabase
let redis: RedisServer
let world: World
const logged: unknown[] = []
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), startRedis({ own: true })])
  world = {
    clock: systemClock,
    db: openDatabase(database.url, { connections: 10 }),
    log: pino({ level: 'info' }, { write: (line) => logged.push(JSON.parse(line)) }),
    config: { redisUrl: redis.url },
    random: systemRandom,
  } as unknown as World
})
afterAll(async () => {
  await world.db.destroy()
  await Promise.all([database.drop(), redis.stop()])
})

const ticks = 10

/** In seconds what the timetable has in minutes: what falls together there does so here. */
const inSeconds = (cron: string): string => {
  const fields = cron.split(' ')
  return fields.length === 6
    ? cron
    : `${fields[0]} ${fields
        .slice(1)
        .map(() => '*')
        .join(' ')} *`
}

test('two workers whose watchdogs look each second start ten of ten ticks of every frequent job within two seconds', {
  timeout: 400_000,
}, async () => {
  const startedAt = new Map<string, number[]>()
  const frequent = timetable.filter(({ cron }) => /^\S*[/*]/.test(cron))
  expect(frequent.length).toBeGreaterThan(12)
  const jobs: Job[] = frequent.map((job) => {
    const times: number[] = []
    startedAt.set(job.name, times)
    return { ...job, cron: inSeconds(job.cron), run: async () => void times.push(Date.now()) }
  })
  const context = { world, deliver: async () => undefined }
  const queues: JobQueue[] = [openQueue(jobs, context), openQueue(jobs, context)]
  const watchdogs = queues.map((queue) => startWatchdog(jobs, context, queue, '* * * * * *'))
  await expect
    .poll(() => Math.min(...[...startedAt.values()].map((times) => times.length)), { timeout: 60_000 })
    .toBeGreaterThan(0)

  const from = Date.now()
  const due = new Map(
    jobs.map(({ name, cron }) => {
      const times = CronExpressionParser.parse(cron, { currentDate: new Date(from), tz: 'UTC' })
      return [name, Array.from({ length: ticks }, () => times.next().toDate().getTime())]
    }),
  )
  const end = Math.max(...[...due.values()].flat()) + 2_500
  await expect.poll(() => Date.now(), { timeout: 300_000, interval: 500 }).toBeGreaterThan(end)
  await Promise.all(watchdogs.map((watchdog) => watchdog.stop()))
  await Promise.all(queues.map((queue) => queue.close()))

  const delays = [...due].map(([name, times]) => {
    const started = startedAt.get(name)!.filter((at) => at >= times[0]! - 50)
    // The n-th start belongs to the n-th tick: none is missing and none comes twice.
    const late = times.map((at, n) => (started[n] ?? Number.POSITIVE_INFINITY) - at)
    return { name, soonest: Math.min(...late), latest: Math.max(...late) }
  })
  console.log(delays.map(({ name, latest }) => `${name}: ${latest} ms at most`).join('\n'))
  expect(delays.filter(({ soonest, latest }) => soonest < -50 || latest > 2_000)).toEqual([])
  expect(logged).toEqual([])
})
