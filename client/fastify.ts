import type { Client } from './client.ts'
import type { Grant } from './decision.ts'

type Request = {
  method: string
  url: string
  ip: string
  headers: Record<string, string | string[] | undefined>
  keywarden?: Grant
}
type Reply = {
  statusCode: number
  header(name: string, value: string): Reply
  code(status: number): Reply
  send(body?: unknown): Reply
}
type Server = {
  decorateRequest(name: string): unknown
  addHook(
    name: 'onRequest' | 'onResponse',
    hook: (request: Request, reply: Reply) => Promise<unknown>,
  ): unknown
}

const one = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header)

const originOf = ({ ip, headers }: Request) => ({ ip, userAgent: one(headers['user-agent']) })

/**
 * Guards every route of a Fastify server or of the plugin it is called in: `fastifyGuard(server, client)`. The grant
 * is at `request.keywarden`. The client's address is `request.ip`, so set `trustProxy` to what is true.
 */
export function fastifyGuard(server: unknown, client: Client): void {
  const guarded = server as Server
  guarded.decorateRequest('keywarden')
  guarded.addHook('onRequest', async (request, reply) => {
    const decision = await client.decide({
      authorization: one(request.headers.authorization),
      apiKey: one(request.headers['x-api-key']),
      method: request.method,
      path: request.url,
      ...originOf(request),
    })
    for (const [name, value] of Object.entries(decision.headers)) reply.header(name, value)
    if (!decision.allowed) return reply.code(decision.status).send()
    request.keywarden = decision.grant
  })
  guarded.addHook('onResponse', async (request, { statusCode: status }) => {
    const { keywarden, method, url: path } = request
    if (keywarden) client.report({ keyId: keywarden.keyId, method, path, status, ...originOf(request) })
  })
}
