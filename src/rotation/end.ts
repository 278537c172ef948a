import { record } from '../audit/record.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { say } from '../foundation/words.ts'
import { revoke } from '../keys/state.ts'
import { lockKeys } from '../keys/store.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise } from '../policy/authorise.ts'
import { refreshMessage } from './announce.ts'
import { type Locked, lockRunning } from './lock.ts'
import { type finishesBecause, isUsed, phaseOf, silenceOf } from './phase.ts'
import { type Rotation, toRotation } from './rotation.ts'

/**
 * Ends the old key; before it is safe only with `early`, by which the actor accepts what breaks. The verifiers' receipt
 * follows after the commit. A rotation whose new key nobody has revealed yet goes on until its owner has it.
 */
export async function finishRotation(
  act: Act,
  workspaceId: string,
  id: string,
  { early }: { early: boolean },
): Promise<Rotation | Refusal> {
  const locked = await lockRunning(act, workspaceId, id, 'rotation.finish')
  if (isRefusal(locked)) return locked
  const { facts, policy } = locked
  if (facts.next.state === 'revoked') return newKeyGone(facts.next.name)
  if (!early && phaseOf(facts, policy) !== 'safe')
    return refuse('changed', say`${{ name: facts.old.name }} is not safe to finish by now.`, {
      next: 'Open the rotation again to see what still uses the old key.',
    })
  return finishLocked(act, locked, early ? 'early' : 'safe')
}

/** Finishes what is safe of a campaign, and leaves the rest alone. Returns how many. */
export async function finishSafe(
  act: Act,
  workspaceId: string,
  campaignId: string,
): Promise<number | Refusal> {
  const refusal = await authorise(act, 'rotation.finish', { workspaceId })
  if (refusal) return refusal
  const rows = await act
    .trx('rotations')
    .where({ campaign_id: campaignId, workspace_id: workspaceId })
    .whereNull('ended_at')
    .orderBy('predecessor_id')
  const rotations = rows.map(toRotation)
  const keyIds = rotations.flatMap((rotation) => [rotation.predecessorId, rotation.successorId])
  await lockKeys(act.trx, workspaceId, keyIds)
  let finished = 0
  for (const { id } of rotations) {
    const done = await finishRotation(act, workspaceId, id, { early: false })
    if (!isRefusal(done)) finished++
  }
  return finished > 0 ? finished : refuse('changed', 'None of them is safe to finish by now.')
}

/** The same for who has locked and judged it already. */
export async function finishLocked(
  act: Act,
  { rotation, facts, policy }: Locked,
  because: 'early' | 'safe' | NonNullable<ReturnType<typeof finishesBecause>>,
): Promise<Rotation | Refusal> {
  const { workspaceId, predecessorId } = rotation
  const isThere = facts.old.state !== 'revoked'
  if (isThere) {
    const revoked = await revoke(act, workspaceId, predecessorId, `rotation ${rotation.id}`)
    if (isRefusal(revoked)) return revoked
  }
  const isPromised = facts.next.state === 'unrevealed'
  const changed = {
    ...(isThere ? { cut_at: act.now, cut_key_id: predecessorId, confirmed_at: null, receipt: null } : {}),
    ...(isPromised ? { because } : endOf(act, 'finished', because)),
  }
  const [row] = await act
    .trx('rotations')
    .where({ id: rotation.id })
    .whereNull('ended_at')
    .update(changed)
    .returning('*')
  await refreshMessage(act.trx, rotation)
  // Somebody finished it before, while its new key was not revealed yet.
  if (rotation.because === '') await recordFinished(act, { rotation, facts, policy }, because)
  return toRotation(row)
}

async function recordFinished(act: Act, { rotation, facts, policy }: Locked, because: string): Promise<void> {
  const { since } = silenceOf(facts, policy)
  await record(act, {
    event: 'rotation.finished',
    workspaceId: rotation.workspaceId,
    keyId: rotation.predecessorId,
    details: {
      rotation: rotation.id,
      because,
      ...(because === 'early' || because === 'cut-at-deadline' ? { early: true } : {}),
      lastUse: since,
      flushedUntil: facts.flushedUntil ?? null,
      newKeyUsed: isUsed(facts),
    },
  })
}

/**
 * Ends the new key; the old one has its name back and is as it was. One that is in use is ended only when `sure`. A
 * rotation whose old key is gone has no way back.
 */
export async function abortRotation(
  act: Act,
  workspaceId: string,
  id: string,
  { sure }: { sure: boolean },
): Promise<Rotation | Refusal> {
  const locked = await lockRunning(act, workspaceId, id, 'rotation.abort')
  if (isRefusal(locked)) return locked
  const { rotation, facts } = locked
  if (facts.old.state === 'revoked')
    return refuse(
      'gone',
      say`The old key of ${{ name: facts.old.name }} is revoked; without the new one there is none.`,
      {
        next: 'Rotate the new key once it is revealed, or revoke it by itself.',
      },
    )
  if (facts.next.state === 'revoked') return newKeyGone(facts.next.name)
  const chained = await act
    .trx('keys')
    .where({ id: rotation.successorId })
    .whereNotNull('successor_id')
    .first('id')
  if (chained)
    return refuse('already', say`The new key of ${{ name: facts.next.name }} is being rotated itself.`, {
      next: 'Abort that rotation first.',
    })
  if (!sure && isUsed(facts))
    return refuse('changed', say`The new key of ${{ name: facts.next.name }} is in use by now.`, {
      next: 'Press Abort again to see what would break.',
    })
  const revoked = await revoke(act, workspaceId, rotation.successorId, `rotation ${rotation.id} aborted`)
  if (isRefusal(revoked)) return revoked
  const [row] = await act
    .trx('rotations')
    .where({ id })
    .whereNull('ended_at')
    .update({ ...endOf(act, 'aborted', 'by-hand'), cut_at: act.now, cut_key_id: rotation.successorId })
    .returning('*')
  await recordAborted(act, rotation, '')
  await refreshMessage(act.trx, rotation)
  return toRotation(row)
}

const newKeyGone = (name: string): Refusal =>
  refuse('gone', say`The new key of ${{ name }} is revoked, so there is nothing to change over to.`, {
    next: 'Rotate the old one again in a moment.',
  })

export const endOf = (act: Act, phase: 'finished' | 'aborted', because: string) => ({
  phase,
  phase_at: act.now,
  ended_at: act.now,
  ended_by: actorName(act.actor),
  because,
})

export const recordAborted = (act: Act, { id, workspaceId, predecessorId }: Rotation, reason: string) =>
  record(act, {
    event: 'rotation.aborted',
    workspaceId,
    keyId: predecessorId,
    details: { rotation: id, ...(reason ? { reason } : {}) },
  })

const extensionDays = 7

/** Gives a rotation seven more days, from its deadline or from now, whichever is later. */
export async function extendRotation(act: Act, workspaceId: string, id: string): Promise<Rotation | Refusal> {
  const locked = await lockRunning(act, workspaceId, id, 'rotation.extend')
  if (isRefusal(locked)) return locked
  const from = Math.max(locked.rotation.dueAt.getTime(), act.now.getTime())
  const until = new Date(from + extensionDays * dayMs)
  const [row] = await act.trx('rotations').where({ id }).update({ due_at: until }).returning('*')
  await record(act, {
    event: 'rotation.extended',
    workspaceId,
    keyId: locked.rotation.predecessorId,
    details: { rotation: id, until },
  })
  await refreshMessage(act.trx, locked.rotation)
  return toRotation(row)
}
