import { type Asked, type Decision, decisionOf, noKey, presented, unavailable } from './decision.ts'
import { type Outcome, openReporter } from './reporter.ts'

export type { Asked, Decision, Grant } from './decision.ts'
export { expressGuard } from './express.ts'
export { fastifyGuard } from './fastify.ts'
export { fetchGuard } from './fetch.ts'
export type { Outcome } from './reporter.ts'

export type ClientOptions = {
  /** where a verifier listens, such as http://keywarden:8080 */
  url: string
  /** from `keywarden service-token create` */
  serviceToken: string
  /** the workspace that keys must belong to; without it, look at the one in the grant */
  workspace?: string
  /** milliseconds to wait for a verdict before the client gets 503; default 2000 */
  timeoutMs?: number
}

export type Client = {
  /** Decides whether the request's key allows it. Never throws: without a verdict the request is refused (503). */
  decide(asked: Asked): Promise<Decision>
  /** Reports a request's outcome; sent in batches, in the background. */
  report(outcome: Outcome): void
  /** sends the remaining outcomes */
  close(): Promise<void>
}

/** Asks Keywarden about each request of a platform. Needs only Node's own fetch. */
export function openClient({ url, serviceToken, workspace, timeoutMs = 2_000 }: ClientOptions): Client {
  const post = (path: string, body: unknown) =>
    fetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
  const reporter = openReporter(async (batch) => {
    // With `sentAt` Keywarden measures the difference between our clocks.
    const response = await post('/v1/usage', { ...batch, sentAt: new Date().toISOString() })
    await response.text()
    // A batch that was not understood is not worth a retry.
    return response.status < 500 && response.status !== 401
  })
  return {
    async decide(asked) {
      const key = presented(asked)
      if (key === undefined) return noKey
      const { method, path, ip, userAgent } = asked
      try {
        const response = await post('/v1/verify', { key, workspace, method, path, ip, userAgent })
        const body = await response.json()
        if (response.status === 200) return decisionOf(body as Parameters<typeof decisionOf>[0])
        // A key or path that is too long is the client's fault; everything else is ours.
        return response.status === 400 ? decisionOf({ valid: false, code: 'MALFORMED' }) : unavailable
      } catch {
        return unavailable
      }
    },
    report: reporter.report,
    close: reporter.close,
  }
}
