/**
 * Everything that is recorded, in the past tense. Not recorded: looking (lists, status), and verifies, which are
 * counted as usage instead.
 */
export const events = [
  'account.created',
  'workspace.created',
  'role.set',
  'key.issued',
  'key.revealed',
  'key.activated',
  'key.deactivated',
  'key.revoked',
  'service-token.created',
  'service-token.revoked',
  'attempt.refused',
] as const
export type EventName = (typeof events)[number]
