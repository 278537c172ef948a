import { isScope, type Scope, scopes } from '../keys/scope.ts'
import { otherEndpoint } from '../usage/counter.ts'
import { scopeBits } from '../verification/decide.ts'
import { endpointOfScope, type ScopeTable } from '../verification/scope-table.ts'
import type { Question } from '../verification/verify.ts'

const single = Object.fromEntries(scopes.map((scope) => [scope, scopeBits([scope])])) as Record<Scope, number>

const limits = { key: 4_096, workspace: 200, scope: 40, method: 20, path: 8_192, ip: 60, userAgent: 2_000 }
type Field = keyof typeof limits
const optional = ['workspace', 'scope', 'method', 'path', 'ip', 'userAgent'] as const satisfies Field[]

/**
 * Reads the body of `POST /v1/verify`, or says what is wrong with it: the field and the rule, never the value,
 * which may be a key. By hand, because this is the hot path.
 */
export function readQuestion(body: unknown, routes: ScopeTable): Question | string {
  if (typeof body !== 'object' || body === null) return 'body: must be an object'
  const asked = body as Partial<Record<Field, unknown>>
  if (typeof asked.key !== 'string') return 'key: must be a string'
  if (asked.key.length > limits.key) return `key: must have at most ${limits.key} characters`
  for (const field of optional) {
    const value = asked[field]
    if (value === undefined) continue
    if (typeof value !== 'string') return `${field}: must be a string`
    if (value.length > limits[field]) return `${field}: must have at most ${limits[field]} characters`
  }
  const { key, workspace, scope, method, path, ip, userAgent } = asked as Record<Field, string | undefined>
  if (scope !== undefined && !isScope(scope)) return `scope: must be one of ${scopes.join(', ')}`
  if ((method === undefined) !== (path === undefined)) return 'method and path: send both or neither'
  const route = method === undefined ? undefined : routes.find(method.toUpperCase(), path!)
  return {
    presented: key!,
    workspaceId: workspace,
    ip,
    userAgent,
    endpoint: route?.name ?? (scope && method === undefined ? endpointOfScope(scope) : otherEndpoint),
    anyScope: scope !== undefined ? single[scope] : method === undefined ? undefined : (route?.anyScope ?? 0),
  }
}
