import { setTimeout as delay } from 'node:timers/promises'
import type { Fields } from '../fields.ts'

export type Envelope = {
  kind: 'slash_commands' | 'interactive' | 'events_api'
  payload: Fields
  acceptsResponse: boolean
  retry: { attempt: number; reason: string }
}

/** The app's answer, or why there is none, in the words that Slack shows the person. */
export type Acknowledgement = { ok: true; body: unknown } | { ok: false; error: string }

/** How payloads reach the app: Socket Mode or signed HTTP. */
export type Transport = { send(envelope: Envelope): Promise<Acknowledgement> }

export type Delivery = {
  transport: Transport
  /** before each retry of an event; Slack: at once, after a minute, after five */
  retryDelaysSeconds: number[]
  stopped: AbortController
  /** how long each acknowledgement took, in real milliseconds from sending to hearing; those that failed left out */
  acknowledgedMs: number[]
  /** how often each event is sent: the copies say that they are retries */
  eventCopies: number
}

/** Sends what a person did and waits for the acknowledgement; never retried. */
export async function deliver(
  delivery: Delivery,
  kind: 'slash_commands' | 'interactive',
  payload: Fields,
  acceptsResponse: boolean,
): Promise<Acknowledgement> {
  const sent = performance.now()
  const retry = { attempt: 0, reason: '' }
  const outcome = await delivery.transport.send({ kind, payload, acceptsResponse, retry })
  if (outcome.ok) delivery.acknowledgedMs.push(performance.now() - sent)
  return outcome
}

function retryReason(error: string): string {
  return error === 'operation_timeout' ? 'timeout' : 'http_error'
}

async function retryEvent(delivery: Delivery, payload: Fields, firstError: string): Promise<void> {
  let reason = retryReason(firstError)
  for (const [index, seconds] of delivery.retryDelaysSeconds.entries()) {
    await delay(seconds * 1000, undefined, { signal: delivery.stopped.signal })
    const retry = { attempt: index + 1, reason }
    const outcome = await delivery.transport.send({
      kind: 'events_api',
      payload,
      acceptsResponse: false,
      retry,
    })
    if (outcome.ok) return
    reason = retryReason(outcome.error)
  }
}

/** Sends an event; resolves after the first attempt, and tries up to three times more when that failed. */
export async function deliverEvent(delivery: Delivery, payload: Fields): Promise<Acknowledgement> {
  const retry = { attempt: 0, reason: '' }
  const first = await delivery.transport.send({ kind: 'events_api', payload, acceptsResponse: false, retry })
  for (let attempt = 1; attempt < delivery.eventCopies; attempt++) {
    const again = { attempt, reason: 'http_timeout' }
    await delivery.transport.send({ kind: 'events_api', payload, acceptsResponse: false, retry: again })
  }
  if (!first.ok) retryEvent(delivery, payload, first.error).catch(() => {}) // stopped
  return first
}
