import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../jobs/engine/job.ts'
import { type JobQueue, openQueue } from '../../jobs/engine/queue.ts'
import { startWatchdog } from '../../jobs/engine/watchdog.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let database: FreshDatabase
let redis: RedisServer
let world: World
let client: Redis
/** what BullMQ itself says of the queue */
let inside: Queue
const opened: JobQueue[] = []
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), startRedis({ own: true })])
})
beforeEach(async () => {
  world = {
    clock: systemClock,
    db: openDatabase(database.url, { connections: 4 }),
    log: pino({ level: 'silent' }),
    config: { redisUrl: redis.url },
    random: systemRandom,
  } as unknown as World
  client = new Redis(redis.url, { maxRetriesPerRequest: null })
  await client.flushall()
  inside = new Queue('keywarden', { connection: client, prefix: 'keywarden' })
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((queue) => queue.close()))
  await inside.close()
  client.disconnect()
  await world.db.destroy()
})
afterAll(() => Promise.all([database.drop(), redis.stop()]))

/** A line of a timetable. Its lateness is such that the watchdog runs nothing itself within a test. */
const line = (name: string, cron: string, timeZone = 'UTC'): Job & { runs: number } => {
  const counted = {
    ...{ name, cron, timeZone, lateSeconds: 3_600, runs: 0 },
    async run() {
      counted.runs += 1
    },
  }
  return counted
}

const context = () => ({ world, deliver: async () => undefined })

function open(...timetable: Job[]): JobQueue {
  const queue = openQueue(timetable, context())
  opened.push(queue)
  return queue
}

const inRedis = (name: string) => `keywarden:keywarden:${name}`

/** The runs of which BullMQ's own log of events says that they were so. */
async function runsThatWere(event: 'added' | 'completed'): Promise<string[]> {
  const events = await client.xrange(inRedis('events'), '-', '+')
  return events.flatMap(([, [, said, , id]]) => (said === event ? [id!] : []))
}

/** The runs that wait for their time or their turn, or have begun, all at one moment. */
async function pending(): Promise<string[]> {
  const lists = await client
    .multi()
    .zrange(inRedis('delayed'), '0', '-1')
    .lrange(inRedis('wait'), 0, -1)
    .lrange(inRedis('active'), 0, -1)
    .exec()
  return lists!.flatMap(([, ids]) => ids as string[])
}

const scheduleOf = async (name: string) => {
  const { pattern, tz, next } = (await inside.getJobScheduler(name))!
  return { pattern, tz, next: next! }
}

test('every run that is due when the watchdogs of two workers look is run by BullMQ', async () => {
  const timetable = ['first', 'second', 'third', 'fourth'].map((name) => line(name, '* * * * * *'))
  const queues = [open(...timetable)]
  await expect.poll(() => Math.min(...timetable.map(({ runs }) => runs))).toBeGreaterThan(0)
  queues.push(open(...timetable))
  let checks = 0
  const watchdogs = queues.map((queue) => {
    const counting = {
      ...queue,
      async repair() {
        await queue.repair()
        checks += 1
      },
    }
    return startWatchdog(timetable, context(), counting, '* * * * * *')
  })
  await expect.poll(() => checks, { timeout: 40_000 }).toBeGreaterThanOrEqual(10)
  await Promise.all(watchdogs.map((watchdog) => watchdog.stop()))

  // In the order of a run's life, so that everything that goes on meanwhile is seen in one of the three.
  const added = await runsThatWere('added')
  const waiting = await pending()
  const completed = await runsThatWere('completed')
  expect(added.filter((id) => !waiting.includes(id) && !completed.includes(id))).toEqual([])
  for (const { name } of timetable)
    expect(completed.filter((id) => id.includes(`:${name}:`)).length).toBeGreaterThan(1)
})

describe('a look at the schedules', () => {
  test('changes nothing where all are as the timetable says, nor does another worker that starts', async () => {
    const timetable = [line('yearly', '0 0 1 1 *'), line('berlin', '0 0 1 1 *', 'Europe/Berlin')]
    const queue = open(...timetable)
    await expect.poll(() => inside.getDelayedCount()).toBe(2)
    const before = await inside.getDelayed()
    await queue.repair()
    const other = open(...timetable, line('new', '0 0 1 1 *'))
    await expect.poll(() => inside.getDelayedCount()).toBe(3)
    await Promise.all([queue.repair(), other.repair()])
    expect(await runsThatWere('added')).toHaveLength(3)
    // A run that is taken out and put in again has another time of its making.
    const made = new Map((await inside.getDelayed()).map(({ id, timestamp }) => [id, timestamp]))
    for (const { id, timestamp } of before) expect([id, made.get(id)]).toEqual([id, timestamp])
  })

  test('leaves a run alone that is due and waits for its turn', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    // The first run takes the only place there is.
    let runs = 0
    const queue = open({
      ...line('counted', '* * * * * *'),
      run: () => (++runs === 1 ? held : Promise.resolve()),
    })
    await expect.poll(() => runs).toBe(1)
    await expect.poll(async () => (await scheduleOf('counted')).next < Date.now()).toBe(true)
    const due = `repeat:counted:${(await scheduleOf('counted')).next}`
    await queue.repair()
    release()
    await expect.poll(() => runsThatWere('completed')).toContain(due)
  })

  test('puts in place what an upgrade changed', async () => {
    const old = open(line('moved', '0 0 1 1 *'), line('zone', '0 0 1 1 *'), line('kept', '0 0 1 1 *'))
    await expect.poll(() => inside.getDelayedCount()).toBe(3)
    await old.close()
    await inside.upsertJobScheduler('kept', { pattern: '0 0 1 1 *', tz: 'UTC' }, { name: 'kept' })

    const moved = line('moved', '* * * * * *')
    open(moved, line('zone', '0 0 1 1 *', 'Europe/Berlin'), line('kept', '0 0 1 1 *'))
    await expect.poll(() => moved.runs).toBeGreaterThan(1)
    expect(await scheduleOf('zone')).toMatchObject({ pattern: '0 0 1 1 *', tz: 'Europe/Berlin' })
    const kept = await inside.getJobScheduler('kept')
    expect(kept?.template?.opts).toMatchObject({ removeOnComplete: 10, removeOnFail: 50 })
    expect(await inside.getDelayedCount()).toBe(3)
  })
})

describe('a schedule that is in place, but whose next run is gone from Redis, has one again after a look', () => {
  test.each([
    [
      'with all that belonged to it',
      (id: string) => client.multi().zrem(inRedis('delayed'), id).del(inRedis(id)),
    ],
    ['but for its own record', (id: string) => client.multi().zrem(inRedis('delayed'), id)],
    [
      'since it ended without a next one',
      (id: string) => client.multi().zrem(inRedis('delayed'), id).zadd(inRedis('completed'), '1', id),
    ],
  ])('%s', async (_how, lose) => {
    const queue = open(line('yearly', '0 0 1 1 *'))
    await expect.poll(() => inside.getDelayedCount()).toBe(1)
    const next = `repeat:yearly:${(await scheduleOf('yearly')).next}`
    await lose(next).exec()
    expect(await pending()).toEqual([])
    await queue.repair()
    expect(await pending()).toEqual([next])
  })
})
