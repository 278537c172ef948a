import { record } from '../audit/record.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { addDays } from '../foundation/time.ts'
import { say } from '../foundation/words.ts'
import type { Key } from '../keys/key.ts'
import { inheritedLifetime } from '../keys/lifetime.ts'
import { offerKeys } from '../keys/offers.ts'
import { type Changes, rotate } from '../keys/rotate.ts'
import { revoke } from '../keys/state.ts'
import { keyColumns, lockKeys, toKey } from '../keys/store.ts'
import { type Act, actorName } from '../members/actor.ts'
import type { Policy } from '../policy/policy.ts'
import { announce, refreshMessage, subjectOf } from './announce.ts'
import { type Reason, type Rotation, runningRotationOf, toRotation } from './rotation.ts'

export type Start = {
  reason: Reason
  /** what the successor gets that its predecessor did not have */
  changes?: Changes
  /** the campaign that it is a part of, whose message shows its progress */
  campaignId?: string
  /** when something else ends the old key anyway, the deadline is no later */
  dueBy?: Date
  /** the caller offers the new key to its owner itself */
  offersItself?: boolean
}

export type Started = { rotation: Rotation; predecessor: Key; successor: Key }

/**
 * Starts the rotation of a key, an expired one too: its successor waits for its owner to reveal it. A successor without
 * an end, or with a late one, gets the latest that policy allows. A compromised key is refused at once, in the same transaction; its successor is offered when the verifiers have said so. A running
 * rotation whose old key turns out to be compromised becomes such a one.
 */
export async function startRotation(
  act: Act,
  workspace: { id: string; policy: Policy },
  keyId: string,
  start: Start,
  random: Random,
): Promise<Started | Refusal> {
  // Its successor too: a compromised key may be one of a rotation that runs.
  const next: string[] = await act
    .trx('keys')
    .where({ id: keyId })
    .whereNotNull('successor_id')
    .pluck('successor_id')
  const old = (await lockKeys(act.trx, workspace.id, [keyId, ...next])).get(keyId)
  const running = await runningRotationOf(act.trx, keyId)
  if (running?.predecessorId === keyId && start.reason === 'compromised')
    return markCompromised(act, running, start)
  const wrong = running && (await blockedBy(act, running, keyId, start.reason))
  if (wrong) return wrong
  const why = { reason: start.reason, ...(start.campaignId ? { campaign: start.campaignId } : {}) }
  const changes = { ...start.changes }
  if (old && changes.lifetimeDays === undefined)
    changes.lifetimeDays = inheritedLifetime(old.lifetimeDays, changes.scopes ?? old.scopes, workspace.policy)
  const keys = await rotate(act, workspace.id, keyId, changes, random, why)
  if (isRefusal(keys)) return keys
  const rotation = await insert(act, workspace, keys, start, random)
  if (start.reason === 'compromised') return cut(act, rotation, keys)
  if (!start.offersItself)
    await offerSuccessors(act, [{ ...rotation, ownerId: keys.successor.ownerId }], random)
  return { rotation, ...keys }
}

/** Offers the new keys to their owners: in one message to each for a campaign. */
export async function offerSuccessors(
  { trx, now }: Pick<Act, 'trx' | 'now'>,
  rotations: readonly (Rotation & { ownerId: string })[],
  random: Random,
): Promise<void> {
  for (const rotation of rotations) {
    const { workspaceId, startedBy: by, successorId: id, ownerId } = rotation
    const about = { workspaceId, matterId: subjectOf(rotation), because: 'rotation', by } as const
    await offerKeys(trx, { ...about, keys: [{ id, ownerId }] }, now, random)
  }
}

async function insert(
  act: Act,
  workspace: { id: string; policy: Policy },
  keys: { predecessor: Key; successor: Key },
  start: Start,
  random: Random,
): Promise<Rotation> {
  const { policy } = workspace
  const due = addDays(act.now, policy.rotationDeadlineDays, policy.timeZone)
  const [row] = await act
    .trx('rotations')
    .insert({
      id: newId('rot', random),
      workspace_id: workspace.id,
      predecessor_id: keys.predecessor.id,
      successor_id: keys.successor.id,
      campaign_id: start.campaignId ?? null,
      reason: start.reason,
      started_by: actorName(act.actor),
      started_at: act.now,
      due_at: start.dueBy && start.dueBy < due ? start.dueBy : due,
      phase: 'reveal',
      phase_at: act.now,
    })
    .returning('*')
  const rotation = toRotation(row)
  if (rotation.campaignId) await refreshMessage(act.trx, rotation)
  else await announce(act, workspace, rotation.id, random)
  return rotation
}

/** Refuses the old key of a rotation at once. */
async function cut(
  act: Act,
  rotation: Rotation,
  keys: { predecessor: Key; successor: Key },
): Promise<Started | Refusal> {
  const revoked = await revoke(act, rotation.workspaceId, rotation.predecessorId, 'compromised')
  if (isRefusal(revoked)) return revoked
  const [row] = await act
    .trx('rotations')
    .where({ id: rotation.id })
    .update({ cut_at: act.now, cut_key_id: rotation.predecessorId })
    .returning('*')
  await refreshMessage(act.trx, rotation)
  return { rotation: toRotation(row), predecessor: revoked, successor: keys.successor }
}

/** The old key of a running rotation is compromised: its successor is there already. */
async function markCompromised(
  act: Act,
  running: Rotation,
  { campaignId }: Start,
): Promise<Started | Refusal> {
  const { workspaceId, predecessorId, successorId } = running
  const [row] = await act.trx('keys').where({ id: successorId }).select(keyColumns)
  const predecessor = (await lockKeys(act.trx, workspaceId, [predecessorId])).get(predecessorId)
  if (predecessor?.status === 'revoked') return alreadyRunning(predecessor.name)
  await act.trx('rotations').where({ id: running.id }).forUpdate().update({ reason: 'compromised' })
  await record(act, {
    event: 'rotation.hastened',
    workspaceId,
    keyId: predecessorId,
    details: { rotation: running.id, ...(campaignId ? { campaign: campaignId } : {}) },
  })
  return cut(act, { ...running, reason: 'compromised' }, { predecessor: predecessor!, successor: toKey(row) })
}

/** Why a running rotation stands in the way; one whose old key is gone has nothing left to do, and ends. */
async function blockedBy(
  act: Act,
  running: Rotation,
  keyId: string,
  reason: Reason,
): Promise<Refusal | undefined> {
  const old = await act.trx('keys').where({ id: running.predecessorId }).first('name', 'status')
  if (running.predecessorId === keyId) return alreadyRunning(old.name)
  // A person who must not have the new key cannot keep it until the first rotation ends.
  const isUrgent = reason === 'compromised' || reason === 'leaver'
  if (old.status !== 'revoked' && isUrgent) return undefined
  if (old.status !== 'revoked')
    return refuse(
      'already',
      say`This is the new key of a rotation of ${{ name: old.name }} that still runs.`,
      {
        next: say`Finish it first, or abort it: that revokes this key, and the old one takes its name back.`,
      },
    )
  await act
    .trx('rotations')
    .where({ id: running.id })
    .whereNull('ended_at')
    .update({
      phase: 'finished',
      phase_at: act.now,
      ended_at: act.now,
      ended_by: actorName(act.actor),
      because: 'rotated-again',
    })
  await refreshMessage(act.trx, running)
  const details = { rotation: running.id, because: 'rotated-again' }
  await record(act, {
    event: 'rotation.finished',
    workspaceId: running.workspaceId,
    keyId: running.predecessorId,
    details,
  })
  return undefined
}

const alreadyRunning = (name: string): Refusal =>
  refuse('already', say`A rotation of ${{ name }} is running.`, {
    next: say`Open it: ${{ code: `/keys rotate ${name}` }}.`,
  })
