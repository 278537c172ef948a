import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say, series } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import { type Action, actions, may, type Subject } from './may.ts'

const sentences: Partial<Record<Action, string>> = {
  'key.issue': 'Only managers and owners create keys.',
  'key.deactivate': 'Only managers and owners deactivate keys.',
  'key.activate': 'Only managers and owners activate keys.',
  'key.revoke': 'Only managers and owners revoke keys.',
  'key.edit': 'Only managers and owners edit keys.',
  'key.rotate': 'Only managers and owners rotate keys.',
  'use.expect': 'Only managers and owners say which use is expected.',
  'rotation.finish': 'Only managers and owners finish rotations.',
  'rotation.abort': 'Only managers and owners abort rotations.',
  'rotation.extend': 'Only managers and owners move the deadline of a rotation.',
  'finding.snooze': 'Only managers and owners snooze alerts.',
  'finding.assign': 'Only managers and owners assign alerts.',
  'review.read': 'Only managers and owners see how a review goes.',
  'review.begin': 'Only managers and owners begin a review.',
  'request.decide': 'Only managers and owners decide about requests.',
  'audit.read': 'Only managers and owners can read the audit log.',
  'holder.add': 'Only managers and owners say who has a key.',
  'holder.remove': 'Only managers and owners say who has a key.',
  'offboarding.request': 'Only managers and owners offboard people.',
  'offboarding.undo': 'Only managers and owners undo an offboarding.',
  'message.send-again': 'Only owners send failed messages again.',
  'connection.make': 'Only owners connect other systems.',
  'role.set': 'Only owners set roles.',
  'policy.set': 'Only owners set policy.',
  'workspace.suspend': 'Only owners suspend and resume workspaces.',
}

/**
 * Undefined when the actor may act; otherwise the refusal, which names people who can. The act returns it, and
 * `perform` records the attempt.
 */
export async function authorise(act: Act, action: Action, subject: Subject & { keyId?: string }) {
  if (may(act.actor, action, subject)) return undefined
  return forbidden(act, action, subject)
}

async function forbidden(act: Act, action: Action, subject: Subject & { keyId?: string }): Promise<Refusal> {
  const foreign = act.actor.kind === 'member' && act.actor.workspaceId !== subject.workspaceId
  // An outsider must not learn that the subject exists.
  if (foreign || actions[action] === 'own') return noSuchKey({ action, keyId: subject.keyId })
  const people = await inCharge(
    act.trx,
    subject.workspaceId,
    actions[action] === 'owner' ? ['owner'] : undefined,
  )
  return refuse('forbidden', sentences[action] ?? 'Only managers and owners do this.', {
    ...(people.length > 0
      ? {
          next: say`Ask ${series(
            people.map((user) => [{ user }]),
            'or',
          )}.`,
        }
      : {}),
    logged: { action, keyId: subject.keyId },
  })
}

/** The same words for a key that does not exist, belongs to another account or is hidden from the caller. */
export const noSuchKey = (logged: Record<string, unknown> = {}): Refusal =>
  refuse('not_found', 'No such key here.', { next: say`See ${{ code: '/keys list' }}.`, logged })
