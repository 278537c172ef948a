import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
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
/** For what keeps a connection waiting until the fault is over. */
let other: Redis
beforeAll(async () => {
  const more = ['enable-debug-command yes', 'enable-protected-configs yes', 'busy-reply-threshold 1']
  ;[database, redis] = await Promise.all([freshDatabase(), startRedis({ own: true, more })])
  admin = new Redis(redis.url)
  other = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  other.disconnect()
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
  'cannot save to its disk (MISCONF)': [cannotSave, () => admin.config('SET', 'save', '')],
  "is kept busy by somebody's script (BUSY)": [
    async () => void other.eval('while true do end', 0).catch(() => undefined),
    () => admin.script('KILL'),
  ],
  'is loading its data (LOADING)': [
    loadSlowly,
    async () => {
      await admin.config('SET', 'key-load-delay', '0')
      await says('loading:0')
    },
  ],
}

const says = (words: string) =>
  vi.waitFor(async () => expect(await admin.info('persistence')).toContain(words), { timeout: 40_000 })

const folderOfRedis = () => mkdtemp(join(tmpdir(), 'keywarden-redis-'))

async function cannotSave(): Promise<void> {
  const folder = await folderOfRedis()
  await admin.config('SET', 'dir', folder, 'save', '3600 1')
  await rm(folder, { recursive: true })
  await admin.bgsave()
  await says('last_bgsave_status:err')
}

/** A thousand keys, a tenth of a second each, after each of which it answers who asks. */
async function loadSlowly(): Promise<void> {
  const folder = await folderOfRedis()
  await admin.config('SET', 'key-load-delay', '100000', 'dir', folder)
  await admin.config('SET', 'loading-process-events-interval-bytes', '1024', 'rdbcompression', 'no')
  await admin.call('DEBUG', 'POPULATE', '1000', 'loaded', '2000')
  void other.call('DEBUG', 'RELOAD').catch(() => undefined)
  await says('loading:1')
  await rm(folder, { recursive: true })
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
  // The fault of the test before may take its moment to end.
  await vi.waitFor(() => admin.flushall(), { timeout: 40_000 })
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
/** How many commands came, those that were refused among them. */
async function commands(): Promise<number> {
  const stats = await vi.waitFor(() => admin.info('stats'), { timeout: 40_000 })
  const of = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(stats)![1])
  return of('total_commands_processed') + of('total_error_replies')
}

describe.each(Object.entries(faults))('a Redis that %s is a Redis that is out:', (name, [begin, end]) => {
  test('it is asked seldom, said once, does not keep the watchdog from its work, and is back when it is', async () => {
    queue = openQueue([counted], context())
    await expect.poll(() => runs, soon).toBeGreaterThan(0)
    const [before, beganMs] = [await commands(), performance.now()]
    await begin()
    // Of INFO a worker learns as it connects.
    if (name === 'forbids INFO') {
      await queue.close()
      queue = openQueue([counted], context())
    }
    await expect.poll(events, soon).toEqual(['redis.unavailable'])
    expect(queue.isOut()).toBe(true)

    const watchdog = startWatchdog([counted], context(), queue, '* * * * * *')
    const ranBefore = runs
    aheadMs += 60_000
    await expect.poll(() => runs, soon).toBeGreaterThan(ranBefore)
    aheadMs += 60_000
    await expect.poll(() => runs, soon).toBeGreaterThan(ranBefore + 1)
    await watchdog.stop()
    const seconds = (performance.now() - beganMs) / 1_000
    expect(events()).toEqual(['redis.unavailable'])

    await end()
    expect(((await commands()) - before) / seconds).toBeLessThan(300)
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
    expect(performance.now() - began).toBeLessThan(5_000)
    const stopped = performance.now()
    await queue.close()
    expect(performance.now() - stopped).toBeLessThan(10_000)
    await end()
  })
})

test('a node of a Redis Cluster, which takes no command over several keys, is a Redis that is out', async () => {
  const node = await startRedis({ own: true, cluster: true })
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
