import type { AddressInfo } from 'node:net'
import fastify from 'fastify'

export type Platform = {
  url: string
  /** requests answered so far, counted by the platform itself */
  answered: Map<number, number>
  close(): Promise<void>
}

const scopeOf: Record<string, Record<string, string>> = {
  GET: { '/v1/contacts': 'read', '/v1/conversations': 'read', '/v1/agents': 'read', '/v1/analytics': 'read' },
  POST: { '/v1/contacts': 'write', '/v1/conversations': 'write', '/v1/agents': 'write' },
}

const statusOf: Record<string, number> = { VALID: 200, INSUFFICIENT_SCOPE: 403, WRONG_WORKSPACE: 403 }

/**
 * A toy customer-conversations API. It knows nothing about keys: for each request it asks Keywarden, and a client
 * learns no more than RFC 6750 allows.
 */
export async function openPlatform(
  keywardenUrl: () => string,
  serviceToken: string,
  port = 0,
): Promise<Platform> {
  const server = fastify({ forceCloseConnections: true })
  const answered = new Map<number, number>()
  server.addHook('onResponse', async (_request, reply) => {
    answered.set(reply.statusCode, (answered.get(reply.statusCode) ?? 0) + 1)
  })
  server.all('/*', async (request, reply) => {
    const path = request.url.split('?')[0]!
    const scope = scopeOf[request.method]?.[path]
    if (!scope) return reply.status(404).send({ error: 'no such resource' })
    const key = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (!key) return reply.status(401).header('www-authenticate', 'Bearer').send({ error: 'send an API key' })
    const code = await ask(key, scope)
    if (code === undefined) return reply.status(503).header('retry-after', '1').send({ error: 'try again' })
    const status = statusOf[code] ?? 401
    if (status === 200) return { path, items: [{ id: 1, name: 'Grace' }] }
    const error = status === 401 ? 'invalid_token' : 'insufficient_scope'
    return reply.status(status).header('www-authenticate', `Bearer error="${error}"`).send({ error })
  })

  async function ask(key: string, scope: string): Promise<string | undefined> {
    const response = await fetch(`${keywardenUrl()}/v1/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, scope }),
    }).catch(() => undefined)
    if (!response?.ok) return undefined
    return ((await response.json()) as { code: string }).code
  }

  await server.listen({ host: '127.0.0.1', port })
  const address = server.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${address.port}`, answered, close: () => server.close() }
}
