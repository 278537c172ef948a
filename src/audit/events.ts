/**
 * Everything that is recorded, in the past tense. Not recorded: looking (lists, status), and verifies, which are
 * counted as usage instead.
 */
export const events = [
  'account.created',
  'workspace.created',
  'role.set',
  'group-role.set',
  'policy.set',
  'key.issued',
  'key.imported',
  'key.revealed',
  'key.activated',
  'key.deactivated',
  'key.revoked',
  'key.edited',
  'key.change-confirmed',
  'key.reveal-voided',
  'key.replaced',
  'key.rotated',
  'key.lapsed',
  'request.made',
  'request.approved',
  'request.denied',
  'holder.added',
  'offboarding.requested',
  'offboarding.joined',
  'offboarding.completed',
  'offboarding.ended',
  'connection.made',
  'connection.revoked',
  'service-token.created',
  'service-token.revoked',
  'attempt.refused',
  'attempt.repeated',
] as const
export type EventName = (typeof events)[number]
