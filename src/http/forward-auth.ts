import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../foundation/log.ts'
import { parseNetworks } from '../keys/networks.ts'
import { scopes } from '../keys/scope.ts'
import { otherEndpoint } from '../usage/cell.ts'
import { clientAddresses } from '../verification/client-address.ts'
import type { Account } from '../verification/entries.ts'
import type { ReadPath } from '../verification/path.ts'
import type { Route } from '../verification/scope-table.ts'
import type { Verifier } from '../verification/verifier.ts'
import type { Verdict } from '../verification/verify.ts'
import { type Answer, emptyAnswer, sendEmpty, sendSoon, writtenOnce } from './answers.ts'
import { bearer } from './bearer.ts'
import { withAccount } from './caller.ts'
import { countRead, countVerdict } from './metrics.ts'
import { rateLimitHeaders } from './rate-limit.ts'

export const forwardAuthPath = '/v1/forward-auth'

/**
 * `/v1/forward-auth` for nginx, Traefik, Caddy, HAProxy and Envoy: the client's key in `Authorization: Bearer` or
 * `X-API-Key`, which comes first, the proxy's service token and workspace in headers that its configuration sets. 200 lets the request
 * through; 401, 403, 429 and 503 are the client's answer, and say no more than RFC 6750 has words for.
 */
export function forwardAuthHandler(verifier: Verifier, log: Log, trustedProxies: readonly string[]) {
  const addressOf = clientAddresses(parseNetworks(trustedProxies))
  return (request: IncomingMessage, response: ServerResponse): void => {
    const began = performance.now()
    // A body, if the proxy sends one, is of no interest.
    request.resume()
    const serviceToken = one(request.headers['x-keywarden-service-token'])
    withAccount(verifier, log, response, serviceToken, (account) => answer(account, request, response, began))
  }

  function answer(
    account: Account,
    request: IncomingMessage,
    response: ServerResponse,
    began: number,
  ): void | Promise<void> {
    const { headers } = request
    // X-API-Key is for nothing but keys, while Authorization may be meant for another system.
    const presented = one(headers['x-api-key']) ?? bearer(headers.authorization)
    if (presented === undefined || presented.length > 4_096)
      return sendEmpty(response, 401, ['www-authenticate', 'Bearer'])
    const { method, path } = asked(request)
    const { route, unclear, why } = verifier.target(method, path)
    const verdict = verifier.verify(account, {
      presented,
      workspaceId: one(headers['x-keywarden-workspace']),
      anyScope: route?.anyScope ?? 0,
      endpoint: route?.name ?? otherEndpoint,
      ...{ unclear, why, widened: route?.widened },
      ip: addressOf(request.socket.remoteAddress ?? '', one(headers['x-forwarded-for'])),
      userAgent: headers['user-agent'],
    })
    if (!(verdict instanceof Promise)) return send(response, verdict, route, began)
    countRead()
    return verdict.then((late) => send(response, late, route, began))
  }
}

const one = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header) || undefined

/**
 * The method and path that the client asked the proxy for, as far as all that name them agree: proxies differ in which
 * headers they set, and a client may have sent the others itself. A repeated header has a blank after its comma, which
 * neither a method nor a path may have. Envoy appends the path to ours and keeps the method; without a path
 * there, our method is the proxy's own.
 */
function asked({ headers, url, method }: IncomingMessage): {
  method: string | undefined
  path: string | ReadPath
} {
  const appended = url!.slice(forwardAuthPath.length)
  const isAppended = appended.startsWith('/')
  const paths = named(
    headers['x-forwarded-uri'],
    headers['x-original-uri'],
    isAppended ? appended : undefined,
  )
  const methods = named(
    ...[headers['x-forwarded-method'], headers['x-original-method']],
    isAppended ? method : undefined,
  )
  return {
    method: methods.length === 1 ? methods[0] : undefined,
    path: paths.length === 1 ? paths[0]! : { unclear: paths.length === 0 ? 'no_path' : 'two_paths' },
  }
}

/** The distinct values that are there. */
const named = (...said: (string | string[] | undefined)[]): string[] => [
  ...new Set(said.flatMap((value) => one(value) ?? [])),
]

function send(
  response: ServerResponse,
  { code, key, allowance }: Verdict,
  route: Route | undefined,
  began: number,
) {
  countVerdict(code, began)
  const limit = allowance ? rateLimitHeaders(allowance) : []
  const answer = (status: number, headers: readonly string[]) =>
    sendSoon(response, status, emptyAnswer(headers))
  if (code === 'VALID') return sendSoon(response, 200, withHeaders(validAnswer(key!), limit))
  if (code === 'RATE_LIMITED') return answer(429, limit)
  if (code === 'UNCLEAR_METHOD' || code === 'UNCLEAR_PATH')
    return answer(403, ['www-authenticate', `Bearer error="invalid_request", error_description="${code}"`])
  if (code === 'INSUFFICIENT_SCOPE')
    return answer(403, ['www-authenticate', `Bearer error="insufficient_scope"${wanted(route)}`])
  // Wrong workspace and wrong network too: a thief learns nothing from trying the key.
  answer(401, ['www-authenticate', 'Bearer error="invalid_token"'])
}

const validAnswer = writtenOnce((key: NonNullable<Verdict['key']>) =>
  emptyAnswer([
    'x-keywarden-key-id',
    key.id,
    'x-keywarden-workspace',
    key.workspace.id,
    'x-keywarden-scopes',
    key.scopes.join(' '),
  ]),
)

const withHeaders = (answer: Answer, more: readonly string[]): Answer =>
  more.length === 0 ? answer : { ...answer, headers: [...answer.headers, ...more] }

function wanted(route: Route | undefined): string {
  if (!route) return ''
  return `, scope="${scopes.filter((_scope, i) => route.anyScope & (1 << i)).join(' ')}"`
}
