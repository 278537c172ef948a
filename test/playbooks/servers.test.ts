import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { fetchOperations, operationsToken } from '../../sandbox/operations.ts'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { startRedis } from '../../sandbox/services/redis.ts'
import { preload } from '../faults/history/events.ts'
import { openLab } from '../faults/lab/lab.ts'
import { giveUpWaits, openPair, soon, statusOf, warmed } from '../faults/seams/stage.ts'
import { administer } from '../setup/administer.ts'
import { freshDatabase } from '../setup/database.ts'
import { fileIn, type Machine, openMachine, stepsOf, without } from './playbook.ts'

const closing: (() => unknown)[] = []
const later = (close: () => unknown) => void closing.push(close)
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function machineOf(
  env: Record<string, string>,
  does: Record<string, () => Promise<unknown>>,
): Promise<Machine> {
  const machine = await openMachine(() => env, does)
  later(machine.close)
  return machine
}

test('Redis is back and drops nothing, and without any one step the playbook does not end well', async () => {
  const database = await freshDatabase()
  later(database.drop)
  const redis = await startRedis({ own: true, more: ['maxmemory-policy allkeys-lru'] })
  later(redis.stop)
  const steps = stepsOf('redis-down')
  const machine = await machineOf(
    { DATABASE_URL: database.url, REDIS_URL: redis.url },
    { 'systemctl restart redis-server': () => redis.restart() },
  )
  const policy = async () => {
    const client = new Redis(redis.url)
    const [, value] = (await client.config('GET', 'maxmemory-policy')) as string[]
    client.disconnect()
    return value
  }
  const isGood = async () =>
    (await policy().catch(() => 'out')) === 'noeviction' &&
    /a job of its own was run/.test(fileIn(machine, 'redis.txt'))
  await redis.kill()
  await expect(machine.run(without(steps, 1))).rejects.toThrow(/redis-cli/)
  await expect(machine.run(without(steps, 2))).rejects.toThrow(/FAIL {2}Redis/)
  await machine.run(without(steps, 3))
  expect(await isGood()).toBe(false)
  await redis.kill()
  await machine.run(steps)
  expect(await isGood()).toBe(true)
}, 600_000)

test('a promoted standby confirms a revoke, and not while any one step is left out', async () => {
  const pair = await openPair({ programs: undefined, later }, true)
  const { lab, primary, standby, address } = pair
  const [kept, ...doomed] = await lab.keys(6)
  const verifier = await warmed(lab, [kept!], '2s')
  // Configuration is copied between the servers of a cluster.
  const waitsForNobody = `alter system set synchronous_standby_names = 'berlin'`
  await administer(standby.url, waitsForNobody)
  await pair.caughtUp()

  const [stop, promote, alone, move] = stepsOf('postgres-failover') as [string, string, string, string]
  let isStopped = false
  const machine = await machineOf(
    {
      STANDBY_URL: standby.url,
      STOP_OLD_PRIMARY: 'systemctl stop postgresql',
      MOVE_ADDRESS: 'move-address berlin',
    },
    {
      'systemctl stop postgresql': async () => {
        isStopped = true
        await primary.kill()
      },
      'move-address berlin': async () => {
        address.lead(standby.url)
        address.reset()
      },
    },
  )
  /** A revoke at the address is committed and known to the verifier, within a lease and some seconds. */
  async function isGood(): Promise<boolean> {
    const key = doomed.pop()!
    const revoking = lab.revokeApart(key).catch(() => undefined)
    const seq = await revoking
    if (seq === undefined || !isStopped) return false
    await lab.confirm(seq)
    return (await verifier.ask(key)) === 'REVOKED' && (await verifier.ask(kept!)) === 'VALID'
  }
  // All but the first: somebody goes on at the old one.
  expect(isStopped).toBe(false)
  await machine.run([stop])
  // All but the promotion: the address leads to a standby.
  await machine.run([alone, move])
  expect(await isGood()).toBe(false)
  await machine.run([promote])
  // All but the way on alone: a commit waits for a standby that is not there.
  await administer(standby.url, waitsForNobody)
  await administer(standby.url, 'select pg_reload_conf()')
  await soon(
    async () =>
      (await administer(standby.url, 'show synchronous_standby_names'))[0]!.synchronous_standby_names ===
      'berlin',
  )
  expect(await isGood()).toBe(false)
  await giveUpWaits(standby.url)
  await machine.run([alone])
  // All but the move: the address leads to where nobody is.
  address.lead(primary.url)
  address.reset()
  expect(await isGood()).toBe(false)
  await machine.run([move])
  await soon(async () => (await verifier.ask(kept!)) === 'VALID')
  expect(await isGood()).toBe(true)
  expect(await statusOf(standby.url, kept!)).toBe('active')
}, 600_000)

test('a clock that is wrong is seen, set and seen to be right, and not without setting it', async () => {
  const database = await freshDatabase()
  later(database.drop)
  const lab = await openLab(database.url)
  later(lab.close)
  const [key] = await lab.keys(1)
  const { process, ask } = await lab.place({ NODE_OPTIONS: `--import ${preload}` })
  const steps = stepsOf('wrong-clock')
  const machine = await machineOf(
    { VERIFIER: process.url, KEYWARDEN_OPERATIONS_TOKEN: operationsToken },
    { 'chronyc makestep': async () => process.stepClock(0) },
  )
  const wrongSeconds = async () => {
    const metrics = await (await fetchOperations(`${process.url}/metrics`)).text()
    return Math.abs(Number(/^keywarden_clock_wrong_seconds (\S+)$/m.exec(metrics)![1]))
  }
  const patiently = { timeout: 120_000, interval: 200 }
  await expect.poll(() => ask(key!), patiently).toBe('VALID')
  process.stepClock(3_600_000)
  await expect.poll(wrongSeconds, patiently).toBeGreaterThan(3_000)
  // A verifier with a wrong clock goes on: keys end by the database's.
  await expect.poll(() => ask(key!), patiently).toBe('VALID')
  await expect(machine.run(without(steps, 2))).rejects.toThrow()
  await machine.run(steps)
  expect(await wrongSeconds()).toBeLessThan(60)
  expect(fileIn(machine, 'clock.txt')).not.toContain('The clock is')
  // Where it is right nobody has to set it.
  await expect(machine.run(steps)).rejects.toThrow()
}, 600_000)

/** A file system of this size, where root may mount one. */
function smallDisk(size: string): { folder: string; remove(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder]).status === 0
  if (!mounted) rmSync(folder, { recursive: true })
  return mounted
    ? {
        folder,
        remove: () => {
          spawnSync('umount', ['--lazy', folder])
          rmSync(folder, { recursive: true, force: true })
        },
      }
    : undefined
}

const disk = process.platform === 'linux' && process.getuid?.() === 0 ? smallDisk('160m') : undefined

describe.skipIf(!disk)('a Postgres whose disk is full', () => {
  test('takes changes again, and not without room, a start or a look', async () => {
    later(disk!.remove)
    // The server's files are a table space on the small disk.
    const server = await startPostgres({ own: true, durable: false })
    later(server.stop)
    const owner = statSync(`/proc/${server.pid()}`)
    chownSync(disk!.folder, owner.uid, owner.gid)
    await administer(server.url, `create tablespace small location '${disk!.folder}'`)
    await administer(server.url, 'create database small tablespace small')
    const url = server.url.replace(/postgres$/, 'small')
    const lab = await openLab(url)
    later(lab.close)
    const ballast = join(disk!.folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(40 << 20))
    await administer(url, 'create table rest (data text)')
    const fill = `insert into rest select repeat(md5(random()::text), 60) from generate_series(1, 20000)`
    const full = /No space left|could not extend/
    await soon(async () => {
      const error = await administer(url, fill).then(
        () => undefined,
        (refused: Error) => refused,
      )
      return error !== undefined && full.test(error.message)
    }, 'a full disk')
    const machine = await machineOf(
      { BALLAST: ballast, DATABASE_URL: url },
      { 'systemctl restart postgresql': () => server.restart() },
    )
    const steps = stepsOf('disk-full')
    const takesChanges = () =>
      administer(url, fill.replace('20000', '1000')).then(
        () => true,
        () => false,
      )
    const isGood = async () => (await takesChanges()) && fileIn(machine, 'largest.txt').includes('rest|')
    expect(await takesChanges()).toBe(false)
    await server.rest()
    // Without room it does not even start.
    await expect(machine.run(without(steps, 1))).rejects.toThrow(/did not start/)
    await expect(machine.run(without(steps, 2))).rejects.toThrow(/psql/)
    writeFileSync(ballast, '')
    await machine.run(without(steps, 3))
    expect(await isGood()).toBe(false)
    writeFileSync(ballast, '')
    await machine.run(steps)
    expect(await isGood()).toBe(true)
  }, 600_000)
})
