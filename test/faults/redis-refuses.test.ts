import { Redis } from 'ioredis'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../jobs/engine/job.ts'
import { type JobQueue, openQueue } from '../../jobs/engine/queue.ts'
import { startWatchdog } from '../../jobs/engine/watchdog.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let database: FreshDatabase
let redis: RedisServer
let admin: Redis
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), startRedis({ own: true })])
  admin = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  await Promise.all([database.drop(), redis.stop()])
})

const all = ['on', '>keywarden', 'resetkeys', '~*', '&*', '+@all']
const setRights = (...rights: string[]) => admin.acl('SETUSER', 'kw', ...rights)

/** What the server does to us, and how that ends. */
const faults: Record<string, [begin: () => Promise<unknown>, end: () => Promise<unknown>]> = {
  'forbids INFO': [() => setRights('-info'), () => setRights('+info')],
  'forbids scripts': [() => setRights('-eval', '-evalsha'), () => setRights('+eval', '+evalsha')],
  'forbids to wait for a job': [() => setRights('-bzpopmin'), () => setRights('+bzpopmin')],
  'lets us have other keys only': [
    () => setRights('resetkeys', '~other:*'),
    () => setRights('resetkeys', '~*'),
  ],
  'is out of memory and evicts nothing': [
    () => admin.config('SET', 'maxmemory', '1'),
    () => admin.config('SET', 'maxmemory', '0'),
  ],
  'is a read-only replica': [() => admin.replicaof('127.0.0.1', 9), () => admin.replicaof('NO', 'ONE')],
}

let world: World
let logged: Record<string, unknown>[]
let aheadMs: number
let queue: JobQueue
let runs: number
beforeEach(async () => {
  logged = []
  aheadMs = 0
  runs = 0
  await admin.flushall()
  await setRights(...all)
  world = {
    clock: { now: () => new Date(Date.now() + aheadMs) },
    db: openDatabase(database.url, { connections: 4 }),
    log: pino({ level: 'info' }, { write: (line) => logged.push(JSON.parse(line)) }),
    config: { redisUrl: `redis://kw:keywarden@127.0.0.1:${redis.port}` },
    random: systemRandom,
  } as unknown as World
  await world.db('job_runs').del()
})
afterEach(async () => {
  await queue.close()
  await world.db.destroy()
})

const counted: Job = {
  ...{ name: 'counted', cron: '* * * * * *', timeZone: 'UTC', lateSeconds: 60 },
  run: async () => void runs++,
}
const context = () => ({ world, deliver: async () => undefined })
const events = () => logged.map(({ event }) => event)
const soon = { timeout: 40_000, interval: 50 }
const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))![1])

describe.each(Object.entries(faults))('a Redis that %s is a Redis that is out:', (name, [begin, end]) => {
  test('it is asked seldom, said once, does not keep the watchdog from its work, and is back when it is', async () => {
    queue = openQueue([counted], context())
    await expect.poll(() => runs, soon).toBeGreaterThan(0)
    await begin()
    // Of INFO a worker learns as it connects.
    if (name === 'forbids INFO') {
      await queue.close()
      queue = openQueue([counted], context())
    }
    await expect.poll(events, soon).toEqual(['redis.unavailable'])
    expect(queue.isOut()).toBe(true)

    const watchdog = startWatchdog([counted], context(), queue, '* * * * * *')
    const [ranBefore, before, beganMs] = [runs, await commands(), performance.now()]
    aheadMs += 60_000
    await expect.poll(() => runs, soon).toBeGreaterThan(ranBefore)
    aheadMs += 60_000
    await expect.poll(() => runs, soon).toBeGreaterThan(ranBefore + 1)
    await watchdog.stop()
    const seconds = (performance.now() - beganMs) / 1_000
    expect(((await commands()) - before) / seconds).toBeLessThan(300)
    expect(events()).toEqual(['redis.unavailable'])

    await end()
    await expect.poll(events, soon).toEqual(['redis.unavailable', 'redis.available'])
    const ran = runs
    await expect.poll(() => runs, soon).toBeGreaterThan(ran + 1)
    expect(queue.isOut()).toBe(false)
    expect(events()).toEqual(['redis.unavailable', 'redis.available'])
  })

  test('from the start on it leaves everything else its time, and stops at once', async () => {
    await begin()
    queue = openQueue([counted], context())
    await expect.poll(events, soon).toEqual(['redis.unavailable'])
    const began = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(performance.now() - began).toBeLessThan(1_000)
    const stopped = performance.now()
    await queue.close()
    expect(performance.now() - stopped).toBeLessThan(2_000)
    await end()
  })
})

test('a node of a Redis Cluster, which takes no command over several keys, is a Redis that is out', async () => {
  const node = await startRedis({ own: true, more: ['cluster-enabled yes', 'databases 1'] })
  const client = new Redis(node.url)
  await client.cluster('ADDSLOTSRANGE', 0, 16_383)
  await expect.poll(() => client.cluster('INFO'), soon).toContain('cluster_state:ok')
  world.config.redisUrl = node.url
  queue = openQueue([counted], context())
  await expect.poll(events, soon).toEqual(['redis.unavailable'])
  expect(logged[0]).toMatchObject({ error: expect.stringContaining('CROSSSLOT') })
  expect(queue.isOut()).toBe(true)
  client.disconnect()
  await queue.close()
  await node.stop()
})

test('a Redis that hangs is a Redis that is out, from fifteen seconds on, and is back when it goes on', async () => {
  queue = openQueue([counted], context())
  await expect.poll(() => runs, soon).toBeGreaterThan(0)
  process.kill(redis.pid(), 'SIGSTOP')
  try {
    await expect.poll(events, { timeout: 40_000, interval: 50 }).toEqual(['redis.unavailable'])
    expect(queue.isOut()).toBe(true)
  } finally {
    process.kill(redis.pid(), 'SIGCONT')
  }
  await expect.poll(events, soon).toEqual(['redis.unavailable', 'redis.available'])
  const ran = runs
  await expect.poll(() => runs, soon).toBeGreaterThan(ran + 1)
})
