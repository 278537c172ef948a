import type { App, Receiver } from '@slack/bolt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { takeOnce } from '../acts/once.ts'
import type { World } from '../foundation/world.ts'
import { signatureOf, windowSeconds } from './signature.ts'
import { readSignedBody } from './signed-body.ts'

const acknowledgeMs = 3_000

export type HttpReceiver = Receiver & { addRoutes(server: FastifyInstance): void }

/**
 * Receives from Slack over HTTP, on our own server. Beyond Slack's signature check, a timestamp in the future is
 * refused like one in the past, and a signature is accepted once, of all processes.
 */
export function httpReceiver(world: World): HttpReceiver {
  const { config, log } = world
  let app: App | undefined
  const isFresh = rememberSignatures(world)

  async function receive(request: FastifyRequest, reply: FastifyReply) {
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const { headers } = request
    const signature = signatureOf(
      config.slack.signingSecret,
      {
        signature: headers['x-slack-signature'],
        timestamp: headers['x-slack-request-timestamp'],
        body: raw,
      },
      Date.now() / 1000,
    )
    if (signature === undefined) {
      log.warn(
        { event: 'slack.signature_invalid' },
        'refused a request whose Slack signature is wrong or too old',
      )
      return reply.status(401).send()
    }
    const body = readSignedBody(raw, headers['content-type'])
    if (!body) return reply.status(400).send()
    if (!(await isFresh(signature))) {
      log.warn({ event: 'slack.request_replayed' }, 'refused a signed Slack request that came a second time')
      return reply.status(401).send()
    }
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
        // The signature is over the bytes as they came.
        scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
        scope.post('/slack/events', { bodyLimit: 1024 * 1024 }, receive)
      })
    },
  }
}

/** How long Slack's request may wait for the memory that all processes share. */
const sharedMs = 1_000

/**
 * Remembers each signature for as long as it is valid, the window on both sides: in this process, and in Postgres for
 * all. While Postgres is out, other processes do not know of it; then no act is possible either.
 */
function rememberSignatures({ db, clock, log }: World): (signature: string) => Promise<boolean> {
  const seen = new Map<string, number>()
  return async (signature) => {
    const now = Date.now()
    for (const [old, until] of seen) {
      if (until > now) break
      seen.delete(old)
    }
    if (seen.has(signature)) return false
    seen.set(signature, now + 2 * windowSeconds * 1000)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('Postgres took too long')), sharedMs)
    })
    const first = takeOnce(db, `slack-signature ${signature}`, clock.now())
    return Promise.race([first, late])
      .catch((error) => {
        log.warn(
          { event: 'slack.signature_unshared', error: String(error) },
          'other processes do not know that this Slack request was taken',
        )
        return true
      })
      .finally(() => clearTimeout(timer))
  }
}
