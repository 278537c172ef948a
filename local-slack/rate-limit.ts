import { Refusal } from './refusal.ts'

/** Posts per second and channel, with room for a burst. */
export type RateLimit = { perSecond: number; burst: number; used: Map<string, { level: number; at: number }> }

/** Slack allows about one post per second and channel, and short bursts above it. */
export function createRateLimit(limit: { perSecond: number; burst: number }): RateLimit {
  return { ...limit, used: new Map() }
}

/** Counts one post in a channel (a leaky bucket, real time); above the limit refuses with 429 and Retry-After. */
export function countPost(limit: RateLimit, channel: string): void {
  const now = performance.now()
  const before = limit.used.get(channel) ?? { level: 0, at: now }
  const level = Math.max(0, before.level - ((now - before.at) / 1000) * limit.perSecond)
  if (level + 1 > limit.burst) {
    const seconds = Math.max(1, Math.ceil((level + 1 - limit.burst) / limit.perSecond))
    throw new Refusal('ratelimited', {}, 429, { 'retry-after': String(seconds) })
  }
  limit.used.set(channel, { level: level + 1, at: now })
}
