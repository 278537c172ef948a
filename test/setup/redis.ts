import { Redis } from 'ioredis'
import { inject } from 'vitest'

export type FreshRedis = { url: string; drop(): Promise<void> }

const claimSeconds = 3600

/**
 * An empty numbered database of the Redis server that no other test file uses. Claims are kept in database 0,
 * which is never handed out; a database that holds somebody's data is passed over.
 * @throws Error when every database of the server is taken.
 */
export async function freshRedis(): Promise<FreshRedis> {
  const server = new Redis(inject('redisUrl'))
  try {
    const index = await claimDatabase(server)
    const url = new URL(inject('redisUrl'))
    url.pathname = `/${index}`
    return { url: url.href, drop: () => releaseDatabase(index) }
  } finally {
    server.disconnect()
  }
}

const claimName = (index: number) => `keywarden-test-database-${index}`

async function claimDatabase(server: Redis): Promise<number> {
  for (let index = 1; ; index++) {
    await server.select(0)
    if (!(await server.set(claimName(index), process.pid, 'EX', claimSeconds, 'NX'))) continue
    try {
      await server.select(index)
    } catch (error) {
      await server.del(claimName(index))
      throw new Error(`All ${index - 1} databases of the Redis server are taken.`, { cause: error })
    }
    if ((await server.dbsize()) === 0) return index
    await server.select(0)
    await server.del(claimName(index))
  }
}

async function releaseDatabase(index: number): Promise<void> {
  const server = new Redis(inject('redisUrl'))
  try {
    await server.multi().select(index).flushdb().select(0).del(claimName(index)).exec()
  } finally {
    server.disconnect()
  }
}
