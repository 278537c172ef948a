import type { Client } from './client.ts'
import type { Grant } from './decision.ts'

type Handler = (request: Request, grant: Grant) => Response | Promise<Response>

/**
 * Guards a handler of the `fetch` kind (Hono, Remix, workers): `fetchGuard(client, handler)`. Such handlers do not see
 * the client's address; give `addressOf` for keys that are held to networks.
 */
export const fetchGuard =
  (client: Client, handler: Handler, addressOf: (request: Request) => string | undefined = () => undefined) =>
  async (request: Request): Promise<Response> => {
    const { pathname: path } = new URL(request.url)
    const header = (name: string) => request.headers.get(name) ?? undefined
    const origin = { ip: addressOf(request), userAgent: header('user-agent') }
    const decision = await client.decide({
      authorization: header('authorization'),
      apiKey: header('x-api-key'),
      method: request.method,
      path,
      ...origin,
    })
    if (!decision.allowed) return new Response(null, { status: decision.status, headers: decision.headers })
    const response = await handler(request, decision.grant)
    const { keyId } = decision.grant
    client.report({ keyId, method: request.method, path, status: response.status, ...origin })
    const headers = new Headers(response.headers)
    for (const [name, value] of Object.entries(decision.headers)) headers.set(name, value)
    const { status, statusText } = response
    return new Response(response.body, { status, statusText, headers })
  }
