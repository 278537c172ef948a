import type { Actor } from '../members/actor.ts'
import type { Role } from '../members/member.ts'

/**
 * Every action and the lowest role that may do it. `own`: a plain member may, on their own keys. None of these shows
 * a token again, or changes a key's scopes or expiry.
 */
export const actions = {
  'key.list': 'own',
  'key.show': 'own',
  'key.issue': 'manager',
  'key.reveal': 'own',
  'key.deactivate': 'manager',
  'key.activate': 'manager',
  'key.revoke': 'manager',
  'key.edit': 'manager',
  'key.rotate': 'manager',
  'key.replace': 'own',
  'rotation.finish': 'manager',
  'rotation.abort': 'manager',
  'rotation.extend': 'manager',
  'key.confirm-needed': 'own',
  'review.read': 'manager',
  'review.begin': 'manager',
  'use.expect': 'manager',
  'finding.take': 'own',
  'finding.let-go': 'own',
  'finding.snooze': 'manager',
  'finding.assign': 'manager',
  'finding.ask': 'own',
  'request.make': 'member',
  'request.decide': 'manager',
  'audit.read': 'manager',
  'usage.overview': 'manager',
  'leak.report': 'member',
  'holder.add': 'manager',
  'holder.remove': 'manager',
  'offboarding.request': 'manager',
  'offboarding.undo': 'manager',
  'message.send-again': 'owner',
  'connection.make': 'owner',
  'role.set': 'owner',
  'policy.set': 'owner',
  'workspace.suspend': 'owner',
} as const satisfies Record<string, Role | 'own'>

export type Action = keyof typeof actions

/** The subject of an action. */
export type Subject = { workspaceId: string; ownerId?: string }

const rank: Record<Role, number> = { member: 0, manager: 1, owner: 2 }

/** Whether a role is at least another. */
export const isAtLeast = (role: Role, least: Role): boolean => rank[role] >= rank[least]

/**
 * Whether this actor may do this. Pure. A member acts only in the workspace of their role; jobs and the operator's
 * shell may do anything.
 */
export function may(actor: Actor, action: Action, subject: Subject): boolean {
  if (actor.kind !== 'member') return true
  if (actor.workspaceId !== subject.workspaceId) return false
  const least = actions[action]
  if (least !== 'own') return isAtLeast(actor.role, least)
  return isAtLeast(actor.role, 'manager') || subject.ownerId === undefined || subject.ownerId === actor.id
}
