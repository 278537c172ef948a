import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { privateDirectory } from './directory.ts'
import { findRedis } from './install.ts'
import { givenServer } from './postgres.ts'
import { freePort, type LocalServer, startServer } from './server.ts'

export type RedisServer = LocalServer & { url: string }

export type RedisOptions = {
  /** called with one line for each step that takes time or changes the machine */
  log?: (line: string) => void
  /** default: a free one */
  port?: number
  /** true: starts a server even if REDIS_URL is given, for tests that crash it */
  own?: boolean
  /** more lines of its configuration */
  more?: readonly string[]
  /** a node of a Redis Cluster, without slots */
  cluster?: boolean
}

/**
 * Starts a Redis (or Valkey) of its own on 127.0.0.1, with a random password and nothing written to disk; it ends
 * with this process at the latest, and loses its data at kill() and restart(). Where no server program is found it
 * is installed. Given REDIS_URL it starts nothing: stop() is then a no-op, and kill(), rest() and restart() refuse.
 * @throws Error that says the one command to type, when Redis is missing and may not be installed.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const given = process.env.REDIS_URL
  if (given && !options.own) return givenServer('REDIS_URL', given, 6379)
  const program = await findRedis(options.log)
  const directory = await privateDirectory('redis')
  const password = randomBytes(18).toString('base64url')
  const configuration = join(directory, 'redis.conf')
  // By default the second port of a node is 10,000 above its first, where there may be none.
  const ofNode = options.cluster
    ? ['databases 1', 'cluster-enabled yes', `cluster-port ${await freePort()}`]
    : []
  const lines = [settings(directory, password), ...ofNode, ...(options.more ?? [])]
  await writeFile(configuration, lines.join('\n'), { mode: 0o600 })
  try {
    const server = await startServer({
      name: 'redis',
      directory,
      port: options.port,
      command: (port) => [program, configuration, '--port', String(port)],
      isReady: ({ port }) => answers(port, password),
      restSignal: 'SIGTERM',
      endSignal: 'KILL',
      worthRetrying: /Address already in use/,
    })
    return { ...server, url: `redis://:${password}@127.0.0.1:${server.port}` }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** A file, because what stands on the command line can be read by every user of the machine. */
const settings = (directory: string, password: string) => `
bind 127.0.0.1
requirepass ${password}
dir "${directory}"
databases 512
save ""
appendonly no
maxmemory-policy noeviction
`

async function answers(port: number, password: string): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {}) // connect() below reports it
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
