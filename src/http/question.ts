import { isScope, type Scope, scopes } from '../keys/scope.ts'
import { otherEndpoint } from '../usage/cell.ts'
import { scopeBits } from '../verification/decide.ts'
import { endpointOfScope } from '../verification/scope-table.ts'
import type { Verifier } from '../verification/verifier.ts'
import type { Question } from '../verification/verify.ts'

const single = Object.fromEntries(scopes.map((scope) => [scope, scopeBits([scope])])) as Record<Scope, number>

type Field = 'key' | 'workspace' | 'scope' | 'method' | 'path' | 'ip' | 'userAgent'
type RawBody = Partial<Record<Field, unknown>>

/**
 * Reads the body of `POST /v1/verify`, or says what is wrong with it: the field and the rule, never the value,
 * which may be a key. By hand, because this is the hot path.
 */
export function readQuestion(body: unknown, verifier: Pick<Verifier, 'target'>): Question | string {
  if (typeof body !== 'object' || body === null) return 'body: must be an object'
  const asked = body as RawBody
  if (asked.key === undefined) return 'key: must be a string'
  const wrong =
    problem('key', asked.key, 4_096) ??
    problem('workspace', asked.workspace, 200) ??
    problem('scope', asked.scope, 40) ??
    problem('method', asked.method, 20) ??
    problem('path', asked.path, 8_192) ??
    problem('ip', asked.ip, 60) ??
    problem('userAgent', asked.userAgent, 2_000)
  if (wrong !== undefined) return wrong
  const { key, workspace, scope, method, path, ip, userAgent } = asked as Record<Field, string | undefined>
  if (scope !== undefined && !isScope(scope)) return `scope: must be one of ${scopes.join(', ')}`
  if ((method === undefined) !== (path === undefined)) return 'method and path: send both or neither'
  const target = method === undefined ? undefined : verifier.target(method.toUpperCase(), path!)
  return {
    presented: key!,
    workspaceId: workspace,
    ip,
    userAgent,
    endpoint: target?.route?.name ?? (scope && target === undefined ? endpointOfScope(scope) : otherEndpoint),
    anyScope: scope !== undefined ? single[scope] : target && (target.route?.anyScope ?? 0),
    // A platform that names the scope has decided for itself what the path is.
    unclear: scope === undefined ? target?.unclear : undefined,
    why: scope === undefined ? target?.why : undefined,
    widened: scope === undefined ? target?.route?.widened : undefined,
  }
}

function problem(field: Field, value: unknown, max: number): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') return `${field}: must be a string`
  return value.length > max ? `${field}: must have at most ${max} characters` : undefined
}
