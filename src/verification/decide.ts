import type { Status } from '../keys/key.ts'
import { isWithin, type Networks } from '../keys/networks.ts'
import { type Scope, scopes } from '../keys/scope.ts'

/** Every verdict there is. Only VALID lets a request through. */
export const codes = [
  'VALID',
  'MALFORMED',
  'NOT_FOUND',
  'SUSPENDED',
  'INACTIVE',
  'EXPIRED',
  'REVOKED',
  'WRONG_WORKSPACE',
  'UNCLEAR_METHOD',
  'UNCLEAR_PATH',
  'INSUFFICIENT_SCOPE',
  'NETWORK_DENIED',
  'RATE_LIMITED',
] as const
export type Code = (typeof codes)[number]

/** Scopes as bits, so that "any of these" is one operation. */
export const scopeBits = (wanted: readonly Scope[]): number =>
  wanted.reduce((bits, scope) => bits | (1 << scopes.indexOf(scope)), 0)

/** The facts of a request. Absent ones are not compared, but a key held to networks needs an address. */
export type RequestFacts = {
  workspaceId?: string
  /** bits of scopes of which any one suffices; 0 for what no scope allows */
  anyScope?: number
  /** the verdict for a request that does not say in one way only what it asks for */
  unclear?: 'UNCLEAR_METHOD' | 'UNCLEAR_PATH' | undefined
  ip?: string
}

/** The facts of a key on which its verdict depends. */
export type KeyFacts = {
  workspace: { id: string; isSuspended: boolean }
  status: Status
  scopeBits: number
  /** when its expiry or grace is over, in milliseconds of the calendar; Infinity for never */
  overAtMs: number
  networks: Networks | null
}

/**
 * The verdict on a key that was found, in a fixed order: what ended it for good comes before what could change,
 * and what the request asks for comes last. At the very millisecond of its expiry a key is over. Pure.
 */
export function decide(key: KeyFacts, asked: RequestFacts, nowMs: number): Code {
  if (asked.workspaceId !== undefined && asked.workspaceId !== key.workspace.id) return 'WRONG_WORKSPACE'
  if (key.status === 'revoked') return 'REVOKED'
  if (key.overAtMs <= nowMs) return 'EXPIRED'
  if (key.workspace.isSuspended) return 'SUSPENDED'
  if (key.status !== 'active') return 'INACTIVE'
  if (asked.unclear !== undefined) return asked.unclear
  if (asked.anyScope !== undefined && (asked.anyScope & key.scopeBits) === 0) return 'INSUFFICIENT_SCOPE'
  if (key.networks && !(asked.ip !== undefined && isWithin(key.networks, asked.ip))) return 'NETWORK_DENIED'
  return 'VALID'
}
