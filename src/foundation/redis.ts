import { Redis } from 'ioredis'
import type { Log } from './log.ts'
import { StartError } from './start-error.ts'

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

export const clusterSentence =
  'REDIS_URL leads to a Redis Cluster, over which the job queue cannot spread. Point it at a single Redis, with replicas if you like.'

/**
 * Rejects when there is a Redis Cluster. Whether there is any Redis is left open: without one the watchdog runs the jobs.
 * @throws StartError
 */
export async function refuseCluster(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000 })
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
