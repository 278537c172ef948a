import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyRequest } from 'fastify'
import type { Clock } from '../src/foundation/clock.ts'

export type Platform = {
  url: string
  /** requests answered so far, counted by the platform itself: by status, and by key, endpoint and status */
  answered: Map<number, number>
  answeredTo: Map<string, number>
  /** answers a request as if it had come over the network, which months of them would take too long for */
  receive(request: { method: Method; path: string; headers: Record<string, string> }): Promise<number>
  /** reports the outcomes of the requests since the last report to Keywarden; it does so each second anyway */
  report(): Promise<void>
  close(): Promise<void>
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Asked = { key: string; method: string; path: string; ip: string; userAgent: string }
type Outcome = Omit<Asked, 'key'> & { keyId: string; status: number; at: string }

const areas = ['/v1/contacts', '/v1/conversations', '/v1/agents', '/v1/analytics']
const refusals: Record<string, number> = { INSUFFICIENT_SCOPE: 403, WRONG_WORKSPACE: 403 }
const reportEveryMs = 1_000

const keyOf = ({ headers }: FastifyRequest) => /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
const pathOf = ({ url }: FastifyRequest) => url.split('?')[0]!

/**
 * A toy customer-conversations API. It knows nothing about keys: for each request it asks Keywarden, and a client
 * learns no more than RFC 6750 allows. Of things called `missing` it has none, and with `broken` ones it fails.
 * `x-forwarded-for` is believed, so that one machine can play clients from many networks.
 */
export async function openPlatform(
  keywardenUrl: () => string,
  serviceToken: string,
  { clock, port = 0 }: { clock: Clock; port?: number | undefined },
): Promise<Platform> {
  const server = fastify({ forceCloseConnections: true, trustProxy: true })
  const answered = new Map<number, number>()
  const answeredTo = new Map<string, number>()
  let outcomes: Outcome[] = []
  server.addHook('onResponse', async (request, { statusCode }) => {
    answered.set(statusCode, (answered.get(statusCode) ?? 0) + 1)
    const whom = `${keyOf(request)} ${request.method} ${pathOf(request)} ${statusCode}`
    answeredTo.set(whom, (answeredTo.get(whom) ?? 0) + 1)
  })
  server.all('/*', async (request, reply) => {
    const { method, headers } = request
    const path = pathOf(request)
    if (!areas.some((area) => path === area || path.startsWith(`${area}/`)))
      return reply.status(404).send({ error: 'no such resource' })
    const key = keyOf(request)
    if (!key) return reply.status(401).header('www-authenticate', 'Bearer').send({ error: 'send an API key' })
    const ip = String(headers['x-forwarded-for'] ?? request.ip)
    const asked = { method, path, ip, userAgent: headers['user-agent'] ?? '' }
    const verdict = await ask({ key, ...asked })
    if (verdict === undefined)
      return reply.status(503).header('retry-after', '1').send({ error: 'try again' })
    const { code, keyId } = verdict
    if (code === 'UNCLEAR_PATH') return reply.status(400).send({ error: 'invalid_request' })
    const status = code === 'VALID' ? statusOf(path) : (refusals[code] ?? 401)
    if (keyId && code === 'VALID') outcomes.push({ keyId, ...asked, status, at: clock.now().toISOString() })
    if (status === 200) return { path, items: [{ id: 1, name: 'Grace' }] }
    if (code === 'VALID')
      return reply.status(status).send({ error: status === 404 ? 'no such item' : 'broken' })
    const error = status === 401 ? 'invalid_token' : 'insufficient_scope'
    return reply.status(status).header('www-authenticate', `Bearer error="${error}"`).send({ error })
  })

  const post = (path: string, body: unknown) =>
    fetch(`${keywardenUrl()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  async function ask(asked: Asked): Promise<{ code: string; keyId?: string } | undefined> {
    const response = await post('/v1/verify', asked).catch(() => undefined)
    return response?.ok ? ((await response.json()) as { code: string; keyId?: string }) : undefined
  }

  let reported = Promise.resolve()
  /** Sends what is not sent yet, after what is under way. */
  function report(): Promise<void> {
    reported = reported.then(send)
    return reported
  }

  async function send(): Promise<void> {
    const batch = outcomes.splice(0, 1_000)
    if (batch.length === 0) return
    const response = await post('/v1/usage', { batch: randomUUID(), outcomes: batch }).catch(() => undefined)
    await response?.arrayBuffer()
    if (!response?.ok) outcomes = [...batch, ...outcomes]
  }

  const reporting = setInterval(() => void report(), reportEveryMs)
  reporting.unref()
  await server.listen({ host: '127.0.0.1', port })
  const address = server.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    answered,
    answeredTo,
    report,
    async receive({ method, path, headers }) {
      return (await server.inject({ method, url: path, headers })).statusCode
    },
    close() {
      clearInterval(reporting)
      return server.close()
    },
  }
}

function statusOf(path: string): number {
  if (path.endsWith('/missing')) return 404
  return path.endsWith('/broken') ? 500 : 200
}
