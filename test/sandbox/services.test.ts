import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { isAlive } from '../../sandbox/services/directory.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { freePort } from '../../sandbox/services/server.ts'
import { startStandby } from '../../sandbox/services/standby.ts'
import { administer } from '../setup/administer.ts'

const within = { timeout: 40_000, interval: 50 }

describe('a Postgres of our own', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres({ own: true, durable: false })
  })
  afterAll(() => postgres.stop())

  test('is PostgreSQL 18, in UTC, and admits 200 connections', async () => {
    const [row] = await administer(
      postgres.url,
      `select version(), current_setting('timezone') as zone, current_setting('max_connections') as connections`,
    )
    expect(row?.version).toMatch(/^PostgreSQL 18\./)
    expect(row).toMatchObject({ zone: 'UTC', connections: '200' })
  })

  test('refuses whoever does not know its password', async () => {
    const url = new URL(postgres.url)
    url.password = 'guess'
    await expect(administer(url.href, 'select 1')).rejects.toThrow('password authentication failed')
  })

  test('keeps its address and its data through a restart and a crash', async () => {
    await administer(postgres.url, 'create table kept as select 7 as number')
    const first = postgres.pid()
    await postgres.restart()
    expect(isAlive(first)).toBe(false)
    expect(await administer(postgres.url, 'select number from kept')).toEqual([{ number: 7 }])

    await postgres.kill()
    await expect(administer(postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
    await postgres.restart()
    expect(await administer(postgres.url, 'select number from kept')).toEqual([{ number: 7 }])
  })

  test('gets a standby although its log is cleaned up while the standby starts', async () => {
    let isStarting = true
    const cleaning = (async () => {
      while (isStarting) {
        await administer(postgres.url, 'select pg_switch_wal()')
        await administer(postgres.url, 'checkpoint')
      }
    })()
    const starting = startStandby(postgres).finally(() => {
      isStarting = false
    })
    const [started] = await Promise.allSettled([starting, cleaning])
    if (started.status === 'rejected') throw started.reason
    expect(await administer(started.value.url, 'select pg_is_in_recovery()')).toEqual([
      { pg_is_in_recovery: true },
    ])
    await started.value.stop()
  })
})

describe('a Redis of our own', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  test('evicts nothing, writes nothing to disk, and asks for its password', async () => {
    const client = new Redis(redis.url)
    expect(await client.config('GET', 'maxmemory-policy')).toContain('noeviction')
    expect(await client.config('GET', 'save')).toEqual(['save', ''])
    client.disconnect()
    const url = new URL(redis.url)
    url.password = ''
    const stranger = new Redis(url.href)
    stranger.on('error', () => {}) // the answer below tells
    await expect(stranger.get('anything')).rejects.toThrow('NOAUTH')
    stranger.disconnect()
  })

  test('comes back empty on the same port after a crash', async () => {
    const client = new Redis(redis.url)
    client.on('error', () => {}) // it is about to lose its server
    await client.set('word', 'here')
    await redis.kill()
    await vi.waitFor(() => expect(client.status).not.toBe('ready'), within)
    await redis.restart()
    expect(await client.get('word')).toBeNull()
    client.disconnect()
  })

  test('takes the port that it is told', async () => {
    const port = await freePort()
    const other = await startRedis({ own: true, port })
    const socket = createConnection(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    await other.stop()
    expect(isAlive(other.pid())).toBe(false)
  })
})

/** A directory for everybody: as root, Postgres is another user. */
async function openDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keywarden-test-'))
  await chmod(directory, 0o1777)
  return directory
}

/** Not even as a zombie, which an init that does not reap keeps listed. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`
  return isAlive(pid) && !(existsSync(stat) && / Z /.test(readFileSync(stat, 'utf8')))
}

/** Another process that holds both servers, with their files under `state`. */
async function startHolder(state: string): Promise<{ holder: ChildProcess; pids: number[] }> {
  const holder = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'holder.ts')], {
    env: { ...process.env, KEYWARDEN_STATE: state },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(holder.stdout, 'data')
  return { holder, pids: JSON.parse(String(line)) }
}

describe('when the process that wanted them', () => {
  test.each(['SIGKILL', 'SIGINT'] as const)(
    'ends by %s, both servers end and leave no files',
    async (signal) => {
      const state = await openDirectory()
      const { holder, pids } = await startHolder(state)
      expect(pids.map(isRunning)).toEqual([true, true])
      expect(await readdir(state)).toHaveLength(2)

      holder.kill(signal)
      await vi.waitFor(() => expect(pids.map(isRunning)).toEqual([false, false]), within)
      await vi.waitFor(async () => expect(await readdir(state)).toEqual([]), within)
      await rm(state, { recursive: true })
    },
  )

  test('is long gone, the next start removes its files, and only those', async () => {
    const state = await openDirectory()
    const gone = `keywarden-postgres-${spawnSync('true').pid}-abcdef`
    const inUse = `keywarden-postgres-${process.pid}-abcdef`
    for (const name of [gone, inUse, 'keywarden-notes']) await mkdir(join(state, name))

    const { holder, pids } = await startHolder(state)
    const names = await readdir(state)
    expect(names).not.toContain(gone)
    expect(names).toEqual(expect.arrayContaining([inUse, 'keywarden-notes']))

    holder.kill()
    await vi.waitFor(() => expect(pids.map(isRunning)).toEqual([false, false]), within)
    await vi.waitFor(async () => expect(await readdir(state)).toHaveLength(2), within)
    await rm(state, { recursive: true })
  })
})
