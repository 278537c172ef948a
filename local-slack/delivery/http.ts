import { type Fields, isFields } from '../fields.ts'
import { newSecret } from '../ids.ts'
import type { Acknowledgement, Envelope, Transport } from './delivery.ts'
import { sign } from './sign.ts'

type Options = {
  requestUrl: string
  signingSecret: string
  verificationToken: string
  acknowledgeWithinSeconds: number
}

function formOf(payload: Fields): string {
  return new URLSearchParams(Object.entries(payload).map(([name, value]) => [name, String(value)])).toString()
}

/** Slash commands are forms, interactions a form with one field, events JSON. */
function written({ kind, payload }: Envelope): { type: string; body: string } {
  if (kind === 'events_api') return { type: 'application/json', body: JSON.stringify(payload) }
  const body = kind === 'slash_commands' ? formOf(payload) : formOf({ payload: JSON.stringify(payload) })
  return { type: 'application/x-www-form-urlencoded', body }
}

function headersFor(options: Options, type: string, body: string): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    'content-type': type,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': sign(options.signingSecret, timestamp, body),
  }
}

function bodyOf(text: string, type: string | null): unknown {
  if (text === '') return undefined
  if (type?.includes('json') || text.startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }
  return text
}

async function answered(response: Response): Promise<Acknowledgement> {
  const text = await response.text()
  if (response.ok) return { ok: true, body: bodyOf(text, response.headers.get('content-type')) }
  return { ok: false, error: response.status >= 500 ? 'http_service_error' : 'http_client_error' }
}

async function post(options: Options, type: string, body: string, more: Record<string, string>) {
  try {
    const response = await fetch(options.requestUrl, {
      method: 'POST',
      headers: { ...headersFor(options, type, body), ...more },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(options.acknowledgeWithinSeconds * 1000),
    })
    return await answered(response)
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    return { ok: false as const, error: isLate ? 'operation_timeout' : 'dispatch_failed' }
  }
}

/** Delivery by signed requests to the app's request URL. */
export function createHttpDelivery(options: Options): Transport {
  return {
    send(envelope) {
      const { type, body } = written(envelope)
      const { attempt, reason } = envelope.retry
      const retry = { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': reason }
      return post(options, type, body, attempt > 0 ? retry : {})
    },
  }
}

/** The challenge that Slack sends when a request URL is saved; rejects when the app does not answer it. */
export async function verifyRequestUrl(options: Options): Promise<void> {
  const challenge = newSecret()
  const body = JSON.stringify({ token: options.verificationToken, challenge, type: 'url_verification' })
  const outcome = await post(options, 'application/json', body, {})
  const answer = outcome.ok ? outcome.body : undefined
  const echoed = isFields(answer) ? answer.challenge : answer
  if (echoed !== challenge)
    throw new Error(`Your URL didn't respond with the value of the challenge parameter.`)
}
