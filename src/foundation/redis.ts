import { Redis, type RedisOptions } from 'ioredis'
import { isBehindSentinel, sentinelOptions } from './redis-url.ts'
import { StartError } from './start-error.ts'

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

export const clusterSentence =
  'REDIS_URL leads to a Redis Cluster, over which the job queue cannot spread. Point it at a single Redis, with replicas if you like.'

/**
 * Rejects when there is a Redis Cluster. Whether there is any Redis is left open: without one the watchdog runs the jobs.
 * @throws StartError
 */
export async function refuseCluster(url: string): Promise<void> {
  const redis = openRedis(url, { isOnce: true, connectTimeout: 2_000, socketTimeout: 2_000 })
  redis.on('error', () => undefined)
  const info = await redis
    .connect()
    .then(() => redis.info())
    .catch(() => '')
  redis.disconnect()
  if (isCluster(info)) throw new StartError(clusterSentence)
}

/** Whether what INFO says is of a node of a cluster. */
export const isCluster = (info: string): boolean => /^(cluster_enabled:1|redis_mode:cluster)\s*$/m.test(info)
