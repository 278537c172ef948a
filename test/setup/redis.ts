import { inject } from 'vitest'
import { type EmptyRedis, emptyRedis } from '../../sandbox/services/empty-redis.ts'

/**
 * An empty numbered database of the Redis server that no other test file uses.
 * @throws Error when every database of the server is taken.
 */
export const freshRedis = (): Promise<EmptyRedis> => emptyRedis(inject('redisUrl'))
