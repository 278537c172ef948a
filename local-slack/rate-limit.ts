import { Refusal } from './refusal.ts'

/** Calls per second of each channel or method, with room for a burst. */
export type RateLimit = { perSecond: number; burst: number; used: Map<string, { level: number; at: number }> }

export function createRateLimit(limit: { perSecond: number; burst: number }): RateLimit {
  return { ...limit, used: new Map() }
}

/**
 * Counts one call, such as a post in a channel (a leaky bucket, real time); above the limit refuses with 429 and
 * Retry-After.
 */
export function countCall(limit: RateLimit, of: string): void {
  const now = performance.now()
  const before = limit.used.get(of) ?? { level: 0, at: now }
  const level = Math.max(0, before.level - ((now - before.at) / 1000) * limit.perSecond)
  if (level + 1 > limit.burst) {
    const seconds = Math.max(1, Math.ceil((level + 1 - limit.burst) / limit.perSecond))
    throw new Refusal('ratelimited', {}, 429, { 'retry-after': String(seconds) })
  }
  limit.used.set(of, { level: level + 1, at: now })
}
