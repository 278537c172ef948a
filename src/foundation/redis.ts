import { Redis, type RedisOptions } from 'ioredis'
import { isBehindSentinel, sentinelOptions } from './redis-url.ts'

/**
 * Real milliseconds in which Redis must answer a command: more than BullMQ's longest blocking one takes, so that a Redis
 * that hangs looks like one that is gone.
 */
const silenceMs = 15_000

type Options = Pick<RedisOptions, 'connectTimeout' | 'socketTimeout'> & {
  /** whether to give up when the first attempt fails, and when the connection is lost */
  isOnce?: boolean
}

/**
 * A connection for BullMQ, which connects when first used. Unless it is for once, it reconnects for as long as it takes;
 * `error` and `ready` say how it stands.
 */
export function openRedis(url: string, { isOnce = false, ...timeouts }: Options = {}): Redis {
  const retry = (attempt: number) => (isOnce ? null : Math.min(100 * attempt, 2_000))
  const settings: RedisOptions = {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    socketTimeout: silenceMs,
    // INFO may be refused, about which the library would write to the console; the trial of the queue finds out more.
    enableReadyCheck: false,
    retryStrategy: retry,
    sentinelRetryStrategy: retry,
    ...timeouts,
  }
  return isBehindSentinel(url)
    ? new Redis({ ...sentinelOptions(url), ...settings })
    : new Redis(url, settings)
}
