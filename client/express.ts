import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from './client.ts'
import type { Grant } from './decision.ts'

type Request = IncomingMessage & { originalUrl?: string; ip?: string; keywarden?: Grant }

/**
 * Middleware for Express, Connect and alike: `app.use(expressGuard(client))`. The grant is at `request.keywarden`. The
 * client's address is `request.ip`, so set Express's `trust proxy` to what is true.
 */
export const expressGuard =
  (client: Client) =>
  async (request: Request, response: ServerResponse, next: () => void): Promise<void> => {
    const [method, path] = [request.method ?? 'GET', request.originalUrl ?? request.url ?? '/']
    const origin = {
      ip: request.ip ?? request.socket.remoteAddress,
      userAgent: request.headers['user-agent'],
    }
    const decision = await client.decide({
      authorization: request.headers.authorization,
      apiKey: request.headers['x-api-key'] as string | undefined,
      method,
      path,
      ...origin,
    })
    for (const [name, value] of Object.entries(decision.headers)) response.setHeader(name, value)
    if (!decision.allowed) {
      response.statusCode = decision.status
      response.end()
      return
    }
    request.keywarden = decision.grant
    const { keyId } = decision.grant
    response.on('finish', () =>
      client.report({ keyId, method, path, status: response.statusCode, ...origin }),
    )
    next()
  }
