import { Redis, type RedisOptions } from 'ioredis'
import { isBehindSentinel, sentinelOptions } from './redis-url.ts'

/**
 * Real milliseconds in which Redis must answer a command: more than BullMQ's longest blocking one takes, so that a Redis
 * that hangs looks like one that is gone.
 */
const silenceMs = 20_000

/**
 * A connection for BullMQ, which connects when first used. It reconnects for as long as it takes, and makes nobody wait
 * for that: `error` and `ready` say how it stands.
 */
export function openRedis(url: string, options: RedisOptions = {}): Redis {
  const settings: RedisOptions = {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    socketTimeout: silenceMs,
    // INFO may be refused, about which the library would write to the console; the trial of the queue finds out more.
    enableReadyCheck: false,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
    ...options,
  }
  return isBehindSentinel(url)
    ? new Redis({ ...sentinelOptions(url), ...settings })
    : new Redis(url, settings)
}
