import { type App, type Receiver, verifySlackRequest } from '@slack/bolt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { makeStorable } from '../foundation/storable.ts'
import type { World } from '../foundation/world.ts'

/** Real seconds before and after now in which a signature is valid; Slack's own window. */
const windowSeconds = 300
const acknowledgeMs = 3_000

export type HttpReceiver = Receiver & { addRoutes(server: FastifyInstance): void }

/**
 * Receives from Slack over HTTP, on our own server. Beyond Slack's signature check, a timestamp in the future is
 * refused like one in the past, and a signature is accepted once.
 */
export function httpReceiver({ config, log }: Pick<World, 'config' | 'log'>): HttpReceiver {
  let app: App | undefined
  const isFresh = rememberSignatures()

  async function receive(request: FastifyRequest, reply: FastifyReply) {
    const raw = String(request.body ?? '')
    const signature = String(request.headers['x-slack-signature'] ?? '')
    const timestamp = Number(request.headers['x-slack-request-timestamp'])
    if (!isSigned(config.slack.signingSecret, raw, signature, timestamp)) {
      log.warn(
        { event: 'slack.signature_invalid' },
        'refused a request whose Slack signature is wrong or too old',
      )
      return reply.status(401).send()
    }
    if (!isFresh(signature)) {
      log.warn({ event: 'slack.request_replayed' }, 'refused a signed Slack request that came a second time')
      return reply.status(401).send()
    }
    const body = parse(raw, request.headers['content-type'])
    if (!body) return reply.status(400).send()
    if (body.type === 'url_verification') return reply.send({ challenge: body.challenge })
    if (body.ssl_check) return reply.send()
    return process(request, reply, body)
  }

  async function process(request: FastifyRequest, reply: FastifyReply, body: Record<string, unknown>) {
    const acknowledged = new Promise<unknown>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error('nothing acknowledged the request in time')),
        acknowledgeMs,
      )
      const ack = async (answer?: unknown) => {
        clearTimeout(late)
        resolve(answer)
      }
      const retryNum = Number(request.headers['x-slack-retry-num'] ?? 0)
      app!.processEvent({ body, ack, retryNum }).catch(reject)
    })
    try {
      const answer = await acknowledged
      return typeof answer === 'object' ? reply.send(answer) : reply.type('text/plain').send(answer ?? '')
    } catch (error) {
      log.error(
        { event: 'slack.acknowledgement_failed', error: String(error) },
        'failed to acknowledge a Slack request',
      )
      return reply.status(404).send()
    }
  }

  return {
    init: (bolt) => {
      app = bolt
    },
    start: async () => undefined,
    stop: async () => undefined,
    addRoutes(server) {
      server.register(async (scope) => {
        scope.removeAllContentTypeParsers()
        scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text))
        scope.post('/slack/events', { bodyLimit: 1024 * 1024 }, receive)
      })
    },
  }
}

function isSigned(signingSecret: string, body: string, signature: string, timestamp: number): boolean {
  if (!Number.isInteger(timestamp) || timestamp > Date.now() / 1000 + windowSeconds) return false
  try {
    const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp }
    verifySlackRequest({ signingSecret, body, headers })
    return true
  } catch {
    return false
  }
}

/** Remembers each signature for as long as it would be valid: the window on both sides. */
function rememberSignatures(): (signature: string) => boolean {
  const seen = new Map<string, number>()
  return (signature) => {
    const now = Date.now()
    for (const [old, until] of seen) {
      if (until > now) break
      seen.delete(old)
    }
    if (seen.has(signature)) return false
    seen.set(signature, now + 2 * windowSeconds * 1000)
    return true
  }
}

/** Parses a body. Returns undefined at once for one without the fields that every payload from Slack has, or too deep. */
function parse(raw: string, contentType = ''): Record<string, unknown> | undefined {
  try {
    const form = Object.fromEntries(new URLSearchParams(raw))
    const isJson = /^application\/json\b/i.test(contentType)
    const body = isJson || form.payload ? JSON.parse(isJson ? raw : form.payload!) : form
    return (body?.type || body?.command || body?.ssl_check) && makeStorable(body) ? body : undefined
  } catch {
    return undefined
  }
}
