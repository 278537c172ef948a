/** The facts of a request that the platform asks about. */
export type Asked = {
  /** the value of the Authorization header, if there was one */
  authorization?: string | undefined
  /** the value of the X-API-Key header */
  apiKey?: string | undefined
  method: string
  /** as the client sent it; the query does not matter */
  path: string
  /** the client's address, for keys that are limited to networks */
  ip?: string | undefined
  userAgent?: string | undefined
}

/** The key that was accepted, and its workspace and scopes. */
export type Grant = { keyId: string; workspace: string; scopes: string[] }

/**
 * Let the request through, or answer it with this status and these headers, which reveal no more than RFC 6750
 * provides for.
 */
export type Decision =
  | { allowed: true; grant: Grant; headers: Record<string, string> }
  | {
      allowed: false
      status: 401 | 403 | 429 | 503
      headers: Record<string, string>
      grant?: Pick<Grant, 'keyId'>
    }

type Verdict = {
  valid: boolean
  code: string
  keyId?: string
  workspace?: string
  scopes?: string[]
  rateLimit?: { limit: number; remaining: number; resetSeconds: number }
}

export const noKey: Decision = { allowed: false, status: 401, headers: { 'www-authenticate': 'Bearer' } }
export const unavailable: Decision = { allowed: false, status: 503, headers: { 'retry-after': '1' } }

/** The key in a request, or undefined: X-API-Key comes first, since Authorization may be meant for another system. */
export const presented = ({ authorization, apiKey }: Asked): string | undefined =>
  apiKey || /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]

/** Translates a verdict for the client. Pure. */
export function decisionOf(verdict: Verdict): Decision {
  const headers = limitHeaders(verdict)
  const grant = verdict.keyId === undefined ? undefined : { keyId: verdict.keyId }
  if (verdict.valid)
    return {
      allowed: true,
      grant: { keyId: verdict.keyId!, workspace: verdict.workspace!, scopes: verdict.scopes ?? [] },
      headers,
    }
  if (verdict.code === 'RATE_LIMITED')
    return { allowed: false, status: 429, headers, ...(grant && { grant }) }
  const wrong = wrongQuestions[verdict.code]
  return {
    allowed: false,
    status: wrong ? 403 : 401,
    headers: { 'www-authenticate': `Bearer ${wrong ?? 'error="invalid_token"'}` },
    ...(grant && { grant }),
  }
}

/** Verdicts that are about what was asked for, not about the key. */
const wrongQuestions: Record<string, string> = {
  INSUFFICIENT_SCOPE: 'error="insufficient_scope"',
  UNCLEAR_METHOD: 'error="invalid_request", error_description="UNCLEAR_METHOD"',
  UNCLEAR_PATH: 'error="invalid_request", error_description="UNCLEAR_PATH"',
}

function limitHeaders({ code, rateLimit }: Verdict): Record<string, string> {
  if (!rateLimit) return {}
  const { limit, remaining, resetSeconds } = rateLimit
  return {
    'ratelimit-policy': `"minute";q=${limit};w=60`,
    ratelimit: `"minute";r=${remaining};t=${resetSeconds}`,
    ...(code === 'RATE_LIMITED' ? { 'retry-after': String(resetSeconds) } : {}),
  }
}
