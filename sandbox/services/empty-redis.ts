import { Redis } from 'ioredis'

export type EmptyRedis = { url: string; drop(): Promise<void> }

const claimSeconds = 3600

/**
 * An empty numbered database of a Redis server that nobody else uses. Claims are kept in database 0, which is never
 * handed out; a database that holds somebody's data is passed over.
 * @throws Error when every database of the server is taken, or when it cannot be reached.
 */
export async function emptyRedis(serverUrl: string): Promise<EmptyRedis> {
  const server = await connect(serverUrl)
  try {
    const index = await claimDatabase(server)
    const url = new URL(serverUrl)
    url.pathname = `/${index}`
    return { url: url.href, drop: () => release(serverUrl, index) }
  } finally {
    server.disconnect()
  }
}

const claimName = (index: number) => `keywarden-database-${index}`

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

async function release(serverUrl: string, index: number): Promise<void> {
  const server = await connect(serverUrl)
  try {
    await server.multi().select(index).flushdb().select(0).del(claimName(index)).exec()
  } finally {
    server.disconnect()
  }
}

/** A server that is not there is an answer, not something to wait for. */
async function connect(url: string): Promise<Redis> {
  const server = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  let reason: Error | undefined
  server.on('error', (error) => {
    reason = error
  })
  await server.connect().catch((error) => {
    throw reason ?? error
  })
  return server
}
