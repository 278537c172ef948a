import type { Scope } from './scope.ts'

export type Status = 'unrevealed' | 'active' | 'inactive' | 'revoked'

/** A key as its row has it, without the token, which exists only while it is being shown. */
export type Key = {
  id: string
  workspaceId: string
  name: string
  description: string
  integration: string
  scopes: Scope[]
  /** CIDR; empty means from anywhere */
  allowedNetworks: string[]
  limitPerMinute: number | null
  status: Status
  /** `tml_Ab3d...`; null until the key was revealed */
  hint: string | null
  ownerId: string
  createdBy: string
  createdAt: Date
  revealedBy: string | null
  revealedAt: Date | null
  /** when the person who was shown the current token confirmed that they saved it */
  savedAt: Date | null
  /** whole days from the reveal; null for a key that never expires */
  lifetimeDays: number | null
  expiresAt: Date | null
  /** the end of a rotation's grace; only ever moves nearer */
  endsAt: Date | null
  statusChangedAt: Date
  /** grows with each edit */
  version: number
  predecessorId: string | null
  /** the key that is to take this one's place */
  successorId: string | null
  /** who did it last, as `actorName` writes it */
  statusChangedBy: string
}

/** A key with what traffic has done to it. */
export type KeyWithUsage = Key & {
  requests: number
  lastUsedAt: Date | null
  /** what was last done to the key is not yet known to every verifier */
  unconfirmed: boolean
}

/** The states a key may be in for each verb. Revoked is final. */
export const legalFrom = {
  reveal: ['unrevealed'],
  deactivate: ['active'],
  activate: ['inactive'],
  revoke: ['unrevealed', 'active', 'inactive'],
  rotate: ['active', 'inactive'],
} as const satisfies Record<string, readonly Status[]>

/** The status that people see: expiry follows from the clock and is never stored. */
export function displayStatus(
  key: Pick<Key, 'status' | 'expiresAt' | 'endsAt'>,
  now: Date,
): Status | 'expired' {
  if (key.status !== 'active' && key.status !== 'inactive') return key.status
  return isOver(key, now) ? 'expired' : key.status
}

/** When the key stops working: at its expiry or at the end of a rotation's grace, whichever comes first. */
export const worksUntil = ({ expiresAt, endsAt }: Pick<Key, 'expiresAt' | 'endsAt'>): Date | null =>
  expiresAt && endsAt ? (expiresAt < endsAt ? expiresAt : endsAt) : (expiresAt ?? endsAt)

/** Whether a key with this status and end is accepted. */
export const worksAt = (key: { status: Status; worksUntil: Date | null }, now: Date): boolean =>
  key.status === 'active' && (key.worksUntil === null || key.worksUntil > now)

/** Whether the key has stopped working. At the very second it is over. */
export function isOver(key: Pick<Key, 'expiresAt' | 'endsAt'>, now: Date): boolean {
  const until = worksUntil(key)
  return until !== null && until <= now
}
