import { Delay } from '../notifications/channel.ts'

/** Real milliseconds between two posts into a channel, for a minute after Slack has refused one there as too fast. */
const paceMs = 1_100
const pacedForMs = 60_000

type Limit = { until: number; pacedUntil: number }

/**
 * Runs calls to Slack and remembers its 429 answers by method, and for posts by channel, so that nothing is asked again
 * before the time that Slack named.
 */
export function openLimits(nowMs: () => number = () => performance.now()) {
  const limits = new Map<string, Limit>()

  /** @throws Delay when Slack asks to wait, or has asked to and the time is not over */
  return async function limited<T>(method: string, channel: string, call: () => Promise<T>): Promise<T> {
    const isPost = method === 'chat.postMessage'
    const name = isPost ? `${method} ${channel}` : method
    const of = isPost ? 'destination' : 'method'
    const limit = limits.get(name)
    const left = limit ? limit.until - nowMs() : 0
    if (left > 0) throw new Delay(left / 1000, of)
    if (limit && limit.pacedUntil > nowMs()) limits.set(name, { ...limit, until: nowMs() + paceMs })
    else limits.delete(name)
    try {
      return await call()
    } catch (error) {
      const { retryAfter } = error as { retryAfter?: number }
      if (!retryAfter) throw error
      const until = nowMs() + retryAfter * 1000
      limits.set(name, { until, pacedUntil: isPost ? until + pacedForMs : 0 })
      throw new Delay(retryAfter, of)
    }
  }
}
