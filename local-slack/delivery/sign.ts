import { createHmac } from 'node:crypto'

/**
 * Slack's request signature (v0), as the header `x-slack-signature`.
 * `timestamp` is in seconds and goes into `x-slack-request-timestamp`.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function sign(secret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
}
