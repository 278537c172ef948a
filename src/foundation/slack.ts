import { WebClient, type WebClientOptions } from '@slack/web-api'
import type { Log } from './log.ts'
import type { World } from './world.ts'

type Means = Pick<World, 'config' | 'log'>
type Logger = NonNullable<WebClientOptions['logger']>

/** Real milliseconds a call to Slack may take. */
const timeoutMs = 10_000

/**
 * How Slack is called: no retries and no waiting in a queue, since the defaults post twice after a lost reply and
 * pause everything for one rate limit.
 */
export const callsToSlack = ({ config, log }: Means): WebClientOptions => ({
  slackApiUrl: config.slack.apiUrl,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  timeout: timeoutMs,
  logger: slackLogger(log),
})

export const openWebClient = (means: Means): WebClient =>
  new WebClient(means.config.slack.botToken, callsToSlack(means))

/**
 * Slack's libraries log through ours, so that what they say is scrubbed too. Their debug lines hold whole
 * payloads and are never written.
 */
export function slackLogger(log: Log): Logger {
  const line = (words: unknown[]) => words.map(String).join(' ')
  return {
    debug: () => undefined,
    info: (...words) => log.debug(line(words)),
    warn: (...words) => log.warn(line(words)),
    error: (...words) => log.error(line(words)),
    setLevel: () => undefined,
    getLevel: () => 'warn' as ReturnType<Logger['getLevel']>,
    setName: () => undefined,
  }
}
