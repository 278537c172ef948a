import { CronExpressionParser } from 'cron-parser'
import { Redis } from 'ioredis'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runUnderClaim } from '../../jobs/engine/claim.ts'
import type { Job, JobContext } from '../../jobs/engine/job.ts'
import { type JobQueue, openQueue } from '../../jobs/engine/queue.ts'
import { lateness, runOverdue } from '../../jobs/engine/watchdog.ts'
import { timetable } from '../../jobs/timetable.ts'
import { type Calendar, openCalendar } from '../../sandbox/calendar.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { readLateness } from '../../src/foundation/lateness.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let database: FreshDatabase
let redis: RedisServer
let calendar: Calendar
let world: World
let logged: string[]
const context = (): JobContext => ({ world, deliver: async () => undefined })
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), startRedis({ own: true })])
})
beforeEach(async () => {
  logged = []
  calendar = openCalendar(new Date('2027-03-01T09:10:00Z'))
  world = {
    clock: calendar,
    db: openDatabase(database.url, { connections: 4 }),
    log: pino({ level: 'info' }, { write: (line) => logged.push(line) }),
    config: { redisUrl: redis.url },
    random: systemRandom,
  } as unknown as World
  await world.db('job_runs').del()
})
afterEach(() => world.db.destroy())
afterAll(() => Promise.all([database.drop(), redis.stop()]))

/** A job of each second that counts its runs, and what it shall do in them. */
function job(run: () => Promise<void> = async () => undefined, cron = '* * * * * *'): Job & { runs: number } {
  const counted: Job & { runs: number } = {
    ...{ name: 'counted', cron, timeZone: 'UTC', lateSeconds: 60, runs: 0 },
    async run() {
      counted.runs += 1
      await run()
    },
  }
  return counted
}

const soon = { timeout: 40_000, interval: 50 }

describe('the schedules in Redis', () => {
  let queue: JobQueue
  let counted: ReturnType<typeof job>
  let client: Redis
  beforeEach(async () => {
    counted = job()
    client = new Redis(redis.url)
    client.on('error', () => undefined) // its server is killed below
    queue = openQueue([counted], context())
    await expect.poll(() => counted.runs, soon).toBeGreaterThan(0)
  })
  afterEach(async () => {
    client.disconnect()
    await queue.close()
  })

  test('vanish with FLUSHALL, and are there again after the watchdog has looked', async () => {
    await client.flushall()
    expect(await client.keys('keywarden:*:repeat*')).toEqual([])
    await queue.repair()
    const before = counted.runs
    await expect.poll(() => counted.runs, soon).toBeGreaterThan(before + 1)
  })

  test('vanish with a crash of Redis, and are there again as soon as it is', async () => {
    await redis.kill()
    await redis.restart()
    const before = counted.runs
    await expect.poll(() => counted.runs, soon).toBeGreaterThan(before + 1)
    expect(logged.filter((line) => line.includes('redis is unavailable')).length).toBeLessThanOrEqual(1)
  })

  test('put in place twice run a job no more often', async () => {
    await Promise.all([queue.repair(), queue.repair()])
    expect(await client.zcard('keywarden:keywarden:repeat')).toBe(1)
  })
})

test.each(['*/10 * * * * *', '* * * * *', '*/5 * * * *', '0 * * * *', '0 9 * * *'])(
  'without Redis the watchdog runs once what was due at %s, however often that is',
  async (cron) => {
    const counted = job(undefined, cron)
    await runUnderClaim(counted, context())
    expect(await runOverdue([counted], context())).toEqual([])
    calendar.advance({ days: 1, minutes: 5 })
    expect(await runOverdue([counted], context())).toEqual(['counted'])
    expect(await runOverdue([counted], context())).toEqual([])
    expect(counted.runs).toBe(2)
  },
)

/** Seconds that a job is late at that moment. */
const lateAt = async (one: Job, now: Date): Promise<number> =>
  (await lateness([one], { db: world.db, clock: { now: () => now } }))[0]!.lateSeconds

test.each(['*/10 * * * * *', '* * * * *', '0 * * * *'])(
  'a job of %s that never ran is late from its first time after the worker began, and then the watchdog runs it',
  async (cron) => {
    const counted = job(undefined, cron)
    expect(await runOverdue([counted], context())).toEqual([])
    const first = CronExpressionParser.parse(cron, { currentDate: calendar.now(), tz: 'UTC' }).next().toDate()
    expect(await lateAt(counted, first)).toBe(0)
    expect(await lateAt(counted, new Date(first.getTime() + 7_200_000))).toBe(7_200)
    const [state] = await readLateness(world.db, new Date(first.getTime() + 7_200_000))
    expect(state).toMatchObject({ job: 'counted', lateSeconds: 7_200 })
    calendar.advance({ days: 0, minutes: 120 })
    expect(await runOverdue([counted], context())).toEqual(['counted'])
    expect(counted.runs).toBe(1)
  },
)

test('a job that an upgrade took out of the timetable is not late for ever', async () => {
  const kept = { ...job(undefined, '0 * * * *'), name: 'kept' }
  await runOverdue([kept, job(undefined, '0 * * * *')], context())
  calendar.advance({ days: 0, minutes: 120 })
  expect(await runOverdue([kept], context())).toEqual(['kept'])
  const states = await readLateness(world.db, calendar.now())
  expect(states.map((state) => state.job)).toEqual(['kept'])
})

test('no job of the timetable comes so often that the watchdog would never find it late', async () => {
  const at = { started_at: calendar.now(), finished_at: calendar.now() }
  await world
    .db('job_runs')
    .insert(timetable.map(({ name }) => ({ job: name, fence: 1, next_due_at: at.started_at, ...at })))
  for (const one of timetable) {
    const due = CronExpressionParser.parse(one.cron, { currentDate: calendar.now(), tz: one.timeZone }).next()
    const late = await lateAt(one, new Date(due.getTime() + one.lateSeconds * 1000))
    expect([one.name, late]).toEqual([one.name, one.lateSeconds])
  }
})

describe('a claim', () => {
  test('is not given for a time of the schedule whose run has ended, nor for an earlier one', async () => {
    const counted = job()
    const [slot, next] = [new Date('2026-11-25T10:00:00Z'), new Date('2026-11-25T10:00:01Z')]
    expect(await runUnderClaim(counted, context(), slot)).toBe(true)
    expect(await runUnderClaim(counted, context(), slot)).toBe(false)
    expect(await runUnderClaim(counted, context(), next)).toBe(true)
    expect(await runUnderClaim(counted, context(), slot)).toBe(false)
    expect(await runUnderClaim(counted, context())).toBe(true)
    expect(counted.runs).toBe(3)
    // A clock that was wrong once does not stop the job until that time comes.
    await runUnderClaim(counted, context(), new Date('2099-01-01T00:00:00Z'))
    expect(await runUnderClaim(counted, context(), next)).toBe(true)
  })

  test('keeps everybody else from running the job while it is held', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const counted = job(() => held)
    const first = runUnderClaim(counted, context())
    await expect.poll(() => counted.runs, soon).toBe(1)
    const others = await Promise.all([1, 2, 3].map(() => runUnderClaim(counted, context())))
    expect(others).toEqual([false, false, false])
    release()
    expect(await first).toBe(true)
    expect(counted.runs).toBe(1)
  })

  test('of a worker that died runs out; then the job is late, runs again, and the dead run records nothing', async () => {
    let revive = () => {}
    const dead = new Promise<void>((resolve) => {
      revive = resolve
    })
    const stuck = job(() => dead, '0 * * * *')
    const lost = runUnderClaim(stuck, context())
    await expect.poll(() => stuck.runs, soon).toBe(1)
    const late = async () => (await lateness([stuck], world))[0]!.lateSeconds
    expect(await late()).toBe(0)

    await world.db.raw(`update job_runs set claimed_until = clock_timestamp() - interval '1 second'`)
    calendar.advance({ days: 0, minutes: 2 })
    expect(await late()).toBeGreaterThan(0)
    const again = job(undefined, '0 * * * *')
    expect(await runUnderClaim(again, context())).toBe(true)
    expect(await late()).toBe(0)

    const recorded = await world.db('job_runs').first()
    expect(recorded).toMatchObject({ fence: 2, claimed_until: null })
    revive()
    await lost
    expect(await world.db('job_runs').first()).toEqual(recorded)
  })

  test('of a run that failed is given back, and the watchdog tries again until one succeeds', async () => {
    let broken = true
    const flaky = job(async () => {
      if (broken) throw new Error('not today')
    }, '0 * * * *')
    expect(await runUnderClaim(flaky, context()).catch(String)).toBe('Error: not today')
    expect(await world.db('job_runs').first()).toMatchObject({
      claimed_until: null,
      error: 'Error: not today',
    })
    expect(await runOverdue([flaky], context())).toEqual([])
    expect(flaky.runs).toBe(1)
    calendar.advance({ days: 0, minutes: 1 })
    broken = false
    expect(await runOverdue([flaky], context())).toEqual(['counted'])
    expect(await runOverdue([flaky], context())).toEqual([])
    expect(flaky.runs).toBe(2)
  })
})
