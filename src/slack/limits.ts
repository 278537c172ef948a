import { setTimeout as pause } from 'node:timers/promises'
import { Delay } from '../notifications/channel.ts'

/**
 * Slack allows about one post a second into a channel, and short bursts.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
const perSecond = 1

/** A post that would have to wait longer than this is tried later. Real milliseconds. */
const longestWaitMs = 2_000

/** The real time, for tests. */
export type RealTime = { nowMs(): number; wait(ms: number): Promise<unknown> }

const realTime: RealTime = { nowMs: () => performance.now(), wait: (ms) => pause(ms) }

/**
 * Runs calls to Slack at the pace that it allows: `atOnce` posts into a channel, and then one a second. Remembers its 429 answers, for posts by channel and
 * else by method, so that nothing is asked again before the time that Slack named.
 */
export function openLimits(atOnce = 10, time: RealTime = realTime) {
  const refusedUntil = new Map<string, number>()
  const used = new Map<string, { level: number; at: number }>()

  /** Waits for room in the channel. The place is taken at once, so that several posts do not wait for the same one. */
  async function waitForRoom(channel: string): Promise<void> {
    const now = time.nowMs()
    const before = used.get(channel) ?? { level: 0, at: now }
    const level = Math.max(0, before.level - ((now - before.at) / 1000) * perSecond)
    const waitMs = ((level + 1 - atOnce) / perSecond) * 1000
    if (waitMs > longestWaitMs) throw new Delay(waitMs / 1000, 'destination')
    used.set(channel, { level: level + 1, at: now })
    if (waitMs > 0) await time.wait(waitMs)
  }

  /** @throws Delay when Slack asks to wait, or has asked to and the time is not over */
  return async function limited<T>(method: string, channel: string, call: () => Promise<T>): Promise<T> {
    const isPost = method === 'chat.postMessage'
    const name = isPost ? `${method} ${channel}` : method
    const of = isPost ? 'destination' : 'method'
    const leftMs = (refusedUntil.get(name) ?? 0) - time.nowMs()
    if (leftMs > 0) throw new Delay(leftMs / 1000, of)
    refusedUntil.delete(name)
    if (isPost) await waitForRoom(channel)
    try {
      return await call()
    } catch (error) {
      const { retryAfter } = error as { retryAfter?: number }
      if (!retryAfter) throw error
      refusedUntil.set(name, time.nowMs() + retryAfter * 1000)
      if (isPost) used.set(channel, { level: atOnce, at: time.nowMs() + retryAfter * 1000 })
      throw new Delay(retryAfter, of)
    }
  }
}
