import { Redis } from 'ioredis'
import type { Log } from './log.ts'

/**
 * A connection for BullMQ. It reconnects for as long as it takes; an outage is logged once when it begins and
 * once when it ends, not once an attempt.
 */
export function openRedis(url: string, log: Log): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  })
  let out = false
  redis.on('error', (error) => {
    if (!out) log.warn({ error: error.message }, 'redis is out; deadlines are kept by the watchdog')
    out = true
  })
  redis.on('ready', () => {
    if (out) log.info('redis is back')
    out = false
  })
  return redis
}
