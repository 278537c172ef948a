import type { AddressInfo } from 'node:net'
import fastify, { type FastifyRequest } from 'fastify'

export type Platform = {
  url: string
  /** requests answered so far, counted by the platform itself: by status, and by key, endpoint and status */
  answered: Map<number, number>
  answeredTo: Map<string, number>
  close(): Promise<void>
}

const resources: Record<string, string[]> = {
  GET: ['/v1/contacts', '/v1/conversations', '/v1/agents', '/v1/analytics'],
  POST: ['/v1/contacts', '/v1/conversations', '/v1/agents'],
}

const statusOf: Record<string, number> = { VALID: 200, INSUFFICIENT_SCOPE: 403, WRONG_WORKSPACE: 403 }

const keyOf = ({ headers }: FastifyRequest) => /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
const pathOf = ({ url }: FastifyRequest) => url.split('?')[0]!

/**
 * A toy customer-conversations API. It knows nothing about keys: for each request it asks Keywarden, and a client
 * learns no more than RFC 6750 allows.
 */
export async function openPlatform(
  keywardenUrl: () => string,
  serviceToken: string,
  port = 0,
): Promise<Platform> {
  const server = fastify({ forceCloseConnections: true, trustProxy: true })
  const answered = new Map<number, number>()
  const answeredTo = new Map<string, number>()
  server.addHook('onResponse', async (request, { statusCode }) => {
    answered.set(statusCode, (answered.get(statusCode) ?? 0) + 1)
    const whom = `${keyOf(request)} ${request.method} ${pathOf(request)} ${statusCode}`
    answeredTo.set(whom, (answeredTo.get(whom) ?? 0) + 1)
  })
  server.all('/*', async (request, reply) => {
    const path = pathOf(request)
    if (!resources[request.method]?.includes(path))
      return reply.status(404).send({ error: 'no such resource' })
    const key = keyOf(request)
    if (!key) return reply.status(401).header('www-authenticate', 'Bearer').send({ error: 'send an API key' })
    const code = await ask(key, request)
    if (code === undefined) return reply.status(503).header('retry-after', '1').send({ error: 'try again' })
    const status = statusOf[code] ?? 401
    if (status === 200) return { path, items: [{ id: 1, name: 'Grace' }] }
    const error = status === 401 ? 'invalid_token' : 'insufficient_scope'
    return reply.status(status).header('www-authenticate', `Bearer error="${error}"`).send({ error })
  })

  async function ask(
    key: string,
    { method, url: path, ip, headers }: FastifyRequest,
  ): Promise<string | undefined> {
    const response = await fetch(`${keywardenUrl()}/v1/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, method, path, ip, userAgent: headers['user-agent'] }),
    }).catch(() => undefined)
    if (!response?.ok) return undefined
    return ((await response.json()) as { code: string }).code
  }

  await server.listen({ host: '127.0.0.1', port })
  const address = server.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${address.port}`, answered, answeredTo, close: () => server.close() }
}
