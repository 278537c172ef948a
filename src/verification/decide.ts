import { isOver, type Key } from '../keys/key.ts'
import type { Scope } from '../keys/scope.ts'

/** Every verdict there is. Only VALID lets a request through. */
export const codes = [
  'VALID',
  'MALFORMED',
  'NOT_FOUND',
  'INACTIVE',
  'EXPIRED',
  'REVOKED',
  'WRONG_WORKSPACE',
  'INSUFFICIENT_SCOPE',
] as const
export type Code = (typeof codes)[number]

export type Asked = { workspaceId?: string; scope?: Scope }

type Judged = Pick<Key, 'workspaceId' | 'status' | 'scopes' | 'expiresAt' | 'endsAt'>

/**
 * The verdict on a key that was found, in a fixed order: what ended it for good comes before what could change,
 * and what the request asks for comes last. Pure.
 */
export function decide(key: Judged, asked: Asked, now: Date): Code {
  if (asked.workspaceId !== undefined && asked.workspaceId !== key.workspaceId) return 'WRONG_WORKSPACE'
  if (key.status === 'revoked') return 'REVOKED'
  if (isOver(key, now)) return 'EXPIRED'
  if (key.status !== 'active') return 'INACTIVE'
  if (asked.scope !== undefined && !key.scopes.includes(asked.scope)) return 'INSUFFICIENT_SCOPE'
  return 'VALID'
}
