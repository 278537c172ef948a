import { readFile } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { calls, fault } from 'local-slack/person'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { type Cable, openCable } from './lab/cable.ts'

let database: FreshDatabase
let cable: Cable
let redis: RedisServer
let house: ProcessHouse
beforeEach(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), startRedis({ own: true })])
  cable = await openCable(database.url)
})
afterEach(async () => {
  await house.stop()
  await cable.close()
  await Promise.all([database.drop(), redis.stop()])
})

/**
 * Seconds from SIGTERM to the end, without what starting and reaping a process costs on a loaded machine; the product
 * gives itself nine.
 */
async function secondsToStop(): Promise<number> {
  const asked = performance.now()
  house.process.child.kill('SIGTERM')
  await house.process.ended
  return (performance.now() - asked) / 1_000 - reapingSeconds
}

const reapingSeconds = 2

const leases = async () => Number((await house.world.db('leases').count({ all: '*' }))[0]!.all)
const soon = { timeout: 40_000, interval: 50 }

describe('SIGTERM ends a process of all roles within ten seconds', () => {
  test('while Postgres hangs', async () => {
    house = await processHouse({ databaseUrl: cable.url, redisUrl: redis.url })
    cable.blackhole()
    expect(await secondsToStop()).toBeLessThan(10)
    cable.heal()
  })

  test('while Redis hangs, and the lease is given back', async () => {
    house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url })
    await expect.poll(leases).toBe(1)
    process.kill(redis.pid(), 'SIGSTOP')
    expect(await secondsToStop()).toBeLessThan(10)
    process.kill(redis.pid(), 'SIGCONT')
    expect(await leases()).toBe(0)
  })

  test('while Slack hangs in the middle of a command, and the lease is given back', async () => {
    house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url })
    await fault(house.slack.url, { method: 'views.open', times: 9, kind: 'hang' })
    void house
      .as('manager')
      .command({ channel: 'C0GENERAL1', text: '/keys create' })
      .catch(() => undefined)
    await expect.poll(async () => (await calls(house.slack.url, 'views.open')).length, soon).toBe(1)
    expect(await secondsToStop()).toBeLessThan(10)
    expect(await leases()).toBe(0)
  })

  test('while a job waits for what somebody else holds, and the lease is given back', async () => {
    house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url })
    const other = await house.world.db.transaction()
    await other.raw('lock table outbox in access exclusive mode')
    const waiting = () =>
      house.world.db.raw(`select 1 from pg_locks where relation = 'outbox'::regclass and not granted`)
    await expect.poll(async () => (await waiting()).rows.length, soon).toBeGreaterThan(0)
    expect(await secondsToStop()).toBeLessThan(10)
    await other.rollback()
    expect(await leases()).toBe(0)
  })

  test('while Redis refuses INFO from the start, which the other roles do not notice', async () => {
    const admin = new Redis(redis.url)
    await admin.acl('SETUSER', 'kw', 'on', '>keywarden', '~*', '&*', '+@all', '-info')
    admin.disconnect()
    const url = `redis://kw:keywarden@127.0.0.1:${redis.port}`
    house = await processHouse({ databaseUrl: database.url, redisUrl: url })
    expect((await house.verify('tml_unknown')).status).toBe(200)
    const answer = await house.as('manager').command({ channel: 'C0GENERAL1', text: '/keys help' })
    expect(answer).toMatchObject({ ok: true })
    const unavailable = () => house.logged().filter(({ event }) => event === 'redis.unavailable')
    await expect.poll(() => unavailable().length, soon).toBe(1)
    const before = await cpuSeconds()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    // Of two seconds; a process that spins takes all of them.
    expect((await cpuSeconds()) - before).toBeLessThan(1)
    expect(unavailable()[0]).toMatchObject({ error: expect.stringContaining('NOPERM') })
    expect(await secondsToStop()).toBeLessThan(7)
    expect(house.process.errors()).toBe('')
  })
})

/** Seconds of processor time that the process has taken. */
async function cpuSeconds(): Promise<number> {
  const fields = (await readFile(`/proc/${house.process.child.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
