import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { privateDirectory } from '../../sandbox/services/directory.ts'
import { findRedis } from '../../sandbox/services/install.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { type LocalServer, startServer } from '../../sandbox/services/server.ts'

export type WatchedRedis = {
  /** REDIS_URL, by way of the Sentinels */
  url: string
  /** what the Sentinels take for the primary now */
  primary(): Promise<RedisServer>
  /** hands over in order: the primary becomes the replica, and its connections stay */
  handOver(): Promise<void>
  stop(): Promise<void>
}

/** A primary with a replica, and three Sentinels that replace it within a second or two. */
export async function watchedRedis(): Promise<WatchedRedis> {
  // Either may be the primary, so that both know the same user.
  const more = ['user kw on >keywarden ~* &* +@all', 'masteruser kw', 'masterauth keywarden']
  more.push('repl-diskless-sync-delay 0')
  const servers = await Promise.all([1, 2].map(() => startRedis({ own: true, more })))
  const [first, second] = servers as [RedisServer, RedisServer]
  const replica = new Redis(second.url)
  await replica.replicaof('127.0.0.1', first.port)
  while (!/master_link_status:up/.test(await replica.info('replication'))) await replica.ping()
  replica.disconnect()
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(first.port)))
  const asked = new Redis({ port: sentinels[0]!.port })
  return {
    url: `redis+sentinel://kw:keywarden@${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`,
    async primary() {
      const [, port] = (await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as [string, string]
      return servers.find((server) => server.port === Number(port))!
    },
    async handOver() {
      // Refused until the Sentinels know the replica and each other.
      while (
        await asked
          .call('SENTINEL', 'FAILOVER', 'main')
          .catch(() => true)
          .then((said) => said !== 'OK')
      )
        await asked.ping()
    },
    async stop() {
      asked.disconnect()
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()))
    },
  }
}

async function startSentinel(primaryPort: number): Promise<LocalServer> {
  const program = await findRedis()
  const directory = await privateDirectory('sentinel')
  const configuration = join(directory, 'sentinel.conf')
  await writeFile(configuration, settings(directory, primaryPort), { mode: 0o600 })
  return startServer({
    name: 'sentinel',
    directory,
    command: (port) => [program, configuration, '--sentinel', '--port', String(port)],
    isReady: async ({ port }) => {
      const redis = new Redis({ port, lazyConnect: true, retryStrategy: () => null })
      redis.on('error', () => {}) // connect() below reports it
      const answer = await redis.connect().then(
        () => redis.ping(),
        () => '',
      )
      redis.disconnect()
      return answer === 'PONG'
    },
    restSignal: 'SIGTERM',
    endSignal: 'KILL',
    worthRetrying: /Address already in use/,
  })
}

const settings = (directory: string, primaryPort: number) => `
bind 127.0.0.1
dir "${directory}"
sentinel monitor main 127.0.0.1 ${primaryPort} 2
sentinel auth-user main kw
sentinel auth-pass main keywarden
sentinel down-after-milliseconds main 500
sentinel failover-timeout main 2000
`
