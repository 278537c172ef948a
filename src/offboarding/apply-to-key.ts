import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, sentence } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { Key } from '../keys/key.ts'
import { deactivate, revoke } from '../keys/state.ts'
import { changeStatusInBulk } from '../keys/status-in-bulk.ts'
import { lockKey } from '../keys/store.ts'
import { endKeyBy, transferKey } from '../keys/transfer.ts'
import type { Act } from '../members/actor.ts'
import type { Policy } from '../policy/policy.ts'
import type { Campaign } from '../rotation/campaign.ts'
import { startRotation } from '../rotation/start.ts'
import type { KeyOutcome, Offboarding, Plan } from './offboarding.ts'

export type Deps = {
  offboarding: Offboarding
  newOwner: string | undefined
  graceEnds: Date
  policy: Policy
  /** many rotations share a message */
  campaign: Campaign | undefined
  random: Random
}

/** The outcome for a key, and for its owner. */
export type Applied = {
  outcome: KeyOutcome
  why?: string
  ownerAfter?: string
  successorKeyId?: string
  endsAt?: Date
}

/**
 * Revokes together what is to be revoked and stands alone, within the caller's transaction: the most of a large
 * offboarding. The keys are locked. @returns the ids of what was revoked
 */
export async function revokeTogether(
  act: Act,
  workspaceId: string,
  rows: readonly { key_id: string; plan: Plan }[],
  locked: ReadonlyMap<string, Key>,
  deps: Deps,
): Promise<Set<string>> {
  const keys = rows.flatMap(({ key_id, plan }) => {
    const key = locked.get(key_id)
    return key && planFor(plan, key, deps) === 'revoke' ? [key.id] : []
  })
  return new Set(await changeStatusInBulk(act, 'revoke', workspaceId, keys, reasonOf(deps)))
}

/**
 * Applies the plan to one key, within the caller's transaction. A change that was made meanwhile is no failure: a key
 * that is refused already stays so. A key that should rotate but has no new owner is deactivated.
 */
export async function applyPlan(
  act: Act,
  key: { id: string; workspaceId: string },
  plan: Plan,
  deps: Deps,
): Promise<Applied> {
  // Another key of the same batch may have changed this one.
  const found = await lockKey(act.trx, key.workspaceId, key.id)
  if (!found) return { outcome: 'failed', why: 'The key is not there any more.' }
  if (found.status === 'revoked') return { outcome: 'refused-already' }
  const applied = await todo[planFor(plan, found, deps)](act, found, deps)
  if (applied.outcome === 'failed' || applied.ownerAfter) return applied
  // A named successor takes over in any case; without one the key keeps its owner.
  const to = deps.offboarding.successorId ? deps.newOwner : undefined
  return { ...applied, ...(await takeOver(act, found, to, deps)) }
}

function planFor(plan: Plan, found: Key, { newOwner }: Deps): Plan {
  if (plan === 'rotate' && found.status === 'active' && !newOwner) return 'deactivate'
  if (plan === 'hand-over' && !newOwner) return 'revoke'
  // A key that was revealed meanwhile has been seen.
  if (plan === 'hand-over' && found.status !== 'unrevealed') return newOwner ? 'rotate' : 'deactivate'
  return plan
}

const reasonOf = ({ offboarding }: Deps): string => `offboarding ${offboarding.id}`

const todo: Record<Plan, (act: Act, key: Key, deps: Deps) => Promise<Applied>> = {
  async revoke(act, key, deps) {
    const done = await revoke(act, key.workspaceId, key.id, reasonOf(deps))
    return isRefusal(done) ? refusedOr(done) : { outcome: 'revoked' }
  },
  async deactivate(act, key, deps) {
    if (key.status !== 'active') return { outcome: 'refused-already' }
    const done = await deactivate(act, key.workspaceId, key.id, reasonOf(deps))
    return isRefusal(done) ? refusedOr(done) : { outcome: 'deactivated' }
  },
  async rotate(act, key, deps) {
    if (key.status !== 'active') return { outcome: 'refused-already' }
    const isLeavers = key.ownerId === deps.offboarding.userId
    const owned = isLeavers ? await takeOver(act, key, deps.newOwner, deps) : {}
    const successor = await successorOf(act, key, deps)
    if (isRefusal(successor)) return refusedOr(successor)
    const endsAt = await endKeyBy(act, key, deps.graceEnds)
    return { outcome: 'rotating', successorKeyId: successor, endsAt, ...owned }
  },
  async 'hand-over'(act, key, deps) {
    if (key.ownerId !== deps.offboarding.userId) return { outcome: 'kept' }
    return { outcome: 'handed-over', ...(await takeOver(act, key, deps.newOwner, deps)) }
  },
  async keep(_act, key) {
    return { outcome: key.status === 'inactive' ? 'refused-already' : 'kept' }
  },
}

const refusedOr = (refusal: Refusal): Applied =>
  refusal.code === 'gone' || refusal.code === 'already'
    ? { outcome: 'refused-already' }
    : { outcome: 'failed', why: plain(sentence(refusal)) }

/** The key that takes its place: one that is on its way already, or a new one. */
async function successorOf(act: Act, key: Key, deps: Deps): Promise<string | Refusal> {
  if (key.successorId) return key.successorId
  const { graceEnds, policy, campaign, random } = deps
  const workspace = { id: key.workspaceId, policy }
  const start = {
    reason: 'leaver',
    dueBy: graceEnds,
    offersItself: true,
    ...(campaign ? { campaignId: campaign.id } : {}),
  } as const
  const started = await startRotation(act, workspace, key.id, start, random)
  return isRefusal(started) ? started : started.successor.id
}

/** Gives what the leaver owns to somebody who stays. */
async function takeOver(
  act: Act,
  key: Key,
  to: string | undefined,
  { offboarding }: Deps,
): Promise<{ ownerAfter?: string }> {
  const from = offboarding.userId
  if (!from || !to || to === from) return {}
  const given = { keyId: key.id, workspaceId: key.workspaceId, from, to }
  const isGiven = await transferKey(act, { ...given, reason: `offboarding ${offboarding.id}` })
  return isGiven ? { ownerAfter: to } : {}
}
