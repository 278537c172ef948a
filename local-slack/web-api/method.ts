import type { Slack } from '../context.ts'
import { type Fields, numberAt, stringAt } from '../fields.ts'
import { invalid, Refusal } from '../refusal.ts'

/** The rights that a call has by its token. */
export type Caller = { scopes: string[] | undefined; executionId?: string }

/** One method: the scopes of which it needs one (none: any token will do), and what it does. */
export type Method = {
  scopes: string[]
  token?: 'bot' | 'app'
  run(slack: Slack, args: Fields, caller: Caller): Fields | Promise<Fields>
}

/** Refuses with missing_scope, as Slack does, when the bot has none of these scopes. */
export function needScope(caller: Caller, ...anyOf: string[]): void {
  if (caller.scopes === undefined || anyOf.length === 0) return
  if (anyOf.some((scope) => caller.scopes!.includes(scope))) return
  throw new Refusal('missing_scope', { needed: anyOf.join(','), provided: caller.scopes.join(',') })
}

export function hasScope(caller: Caller, scope: string): boolean {
  return caller.scopes?.includes(scope) ?? true
}

/** A required string argument. Refuses: invalid_arguments. */
export function required(args: Fields, name: string): string {
  const value = stringAt(args, name)
  if (value === undefined) {
    throw invalid('invalid_arguments', [`missing required field: ${name} [json-pointer:/${name}]`])
  }
  return value
}

/** One page of a list, with Slack's cursor. Refuses: invalid_cursor, invalid_limit. */
export function paged<T>(all: T[], args: Fields): { page: T[]; metadata: Fields } {
  const limit = numberAt(args, 'limit') ?? 100
  if (limit < 1 || limit > 1000) throw new Refusal('invalid_limit')
  const cursor = stringAt(args, 'cursor')
  const start = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64').toString().replace('at:', ''))
  if (!Number.isInteger(start)) throw new Refusal('invalid_cursor')
  const end = start + limit
  const next = end < all.length ? Buffer.from(`at:${end}`).toString('base64') : ''
  return { page: all.slice(start, end), metadata: { response_metadata: { next_cursor: next } } }
}
