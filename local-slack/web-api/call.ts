import type { Slack } from '../context.ts'
import type { Fault } from '../contract.ts'
import type { Fields } from '../fields.ts'
import { countCall } from '../rate-limit.ts'
import { Refusal } from '../refusal.ts'
import type { Execution } from '../steps.ts'
import { type Caller, type Method, needScope } from './method.ts'

export type Reply = { status: number; headers: Record<string, string>; body: Fields }

/** The run of a custom step whose own token this is. */
function executionOf(slack: Slack, token: string | undefined): Execution | undefined {
  return [...slack.executions.values()].find((one) => one.token === token)
}

function checkToken(slack: Slack, method: Method, token: string | undefined): void {
  if (token === undefined) throw new Refusal('not_authed')
  const isApp = token === slack.appToken
  const isBot = token === slack.botToken || executionOf(slack, token) !== undefined
  if (!isApp && !isBot) throw new Refusal('invalid_auth')
  if (slack.tokensRefused) throw new Refusal(slack.tokensRefused)
  if (isApp !== (method.token === 'app')) throw new Refusal('not_allowed_token_type')
}

function scopeHeaders(caller: Caller, method: Method | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  if (caller.scopes === undefined) return headers
  headers['x-oauth-scopes'] = caller.scopes.join(',')
  if (method && method.scopes.length > 0) headers['x-accepted-oauth-scopes'] = method.scopes.join(',')
  return headers
}

async function answer(
  slack: Slack,
  name: string,
  method: Method,
  args: Fields,
  token: string | undefined,
  caller: Caller,
) {
  checkToken(slack, method, token)
  const limit = slack.methodLimits.get(name)
  if (limit) countCall(limit, name)
  if (method.token !== 'app') needScope(caller, ...method.scopes)
  return { ok: true, ...(await method.run(slack, args, caller)) }
}

/** Answers one call of the Web API as Slack would: always 200, except when rate-limited. */
export async function callMethod(
  slack: Slack,
  name: string,
  method: Method | undefined,
  args: Fields,
  token: string | undefined,
): Promise<Reply> {
  const caller = { scopes: slack.manifest.botScopes, executionId: executionOf(slack, token)?.id }
  try {
    if (!method) throw new Refusal('unknown_method')
    const body = await answer(slack, name, method, args, token, caller)
    return { status: 200, headers: scopeHeaders(caller, method), body }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const body = { ok: false, error: error.error, ...error.beside }
    return { status: error.status, headers: { ...scopeHeaders(caller, method), ...error.headers }, body }
  }
}

/** The fault that this call of a method shall meet, counted down. */
export function takeFault(slack: Slack, method: string, args: Fields): Fault | undefined {
  const fault = slack.faults.find(
    (one) =>
      one.times > 0 &&
      (one.method === method || one.method === '*') &&
      (one.about === undefined || JSON.stringify(args).includes(one.about)),
  )
  if (fault) fault.times -= 1
  return fault
}

/** How a fault answers, for those that answer at all. */
export function faultReply(fault: Fault): Reply {
  switch (fault.kind) {
    case 'ratelimited': {
      const headers = { 'retry-after': String(fault.retryAfterSeconds ?? 1) }
      return { status: 429, headers, body: { ok: false, error: 'ratelimited' } }
    }
    case 'error': {
      const beside = fault.messages ? { response_metadata: { messages: fault.messages } } : {}
      const body = { ok: false, error: fault.error ?? 'internal_error', ...beside }
      return { status: 200, headers: {}, body }
    }
    default:
      return { status: 500, headers: {}, body: { ok: false, error: 'internal_error' } }
  }
}
