import { Redis } from 'ioredis'
import { administer } from '../setup/administer.ts'

/** Every row of every table, as text: columns of bytes are written in hexadecimal. */
export async function dumpPostgres(url: string): Promise<string> {
  const tables = await administer(
    url,
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await administer(url, `select to_jsonb(t)::text as row from ${name} t`)
      return rows.map(({ row }) => `${name} ${row}`)
    }),
  )
  return dumps.flat().join('\n')
}

const readers: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
  string: (redis, key) => redis.get(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
  set: (redis, key) => redis.smembers(key),
  zset: (redis, key) => redis.zrange(key, '0', '-1', 'WITHSCORES'),
  hash: (redis, key) => redis.hgetall(key),
  stream: (redis, key) => redis.xrange(key, '-', '+'),
}

/** Every key of that Redis database with its value. */
export async function dumpRedis(url: string): Promise<string> {
  const redis = new Redis(url)
  try {
    const lines: string[] = []
    for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>)
      for (const key of keys) {
        const type = await redis.type(key)
        if (type === 'none') continue
        lines.push(`${key} ${JSON.stringify(await readers[type]!(redis, key))}`)
      }
    return lines.join('\n')
  } finally {
    redis.disconnect()
  }
}
