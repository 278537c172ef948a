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
    if (!out)
      log.warn(
        { event: 'redis.unavailable', error: error.message },
        'redis is unavailable; the watchdog runs the jobs',
      )
    out = true
  })
  redis.on('ready', () => {
    if (out) log.info({ event: 'redis.available' }, 'redis is available again')
    out = false
  })
  return redis
}
