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
type Applied = {
  outcome: KeyOutcome
  why?: string
  ownerAfter?: string
  successorKeyId?: string
  endsAt?: Date
}

/** The plan for a key of one leaver. */
export type Task = { keyId: string; plan: Plan; deps: Deps }

type Done = Applied & { offboardingId: string; keyId: string }

/**
 * Applies plans to keys of a workspace, which are locked, within the caller's transaction. Keys that are revoked
 * or deactivated, the most of a large offboarding, take one statement; the others follow one by one.
 */
export async function applyPlans(
  act: Act,
  workspaceId: string,
  tasks: readonly Task[],
  locked: ReadonlyMap<string, Key>,
): Promise<Done[]> {
  const reasons = { revoke: new Map<string, string>(), deactivate: new Map<string, string>() }
  const firsts = new Map<string, Task>()
  for (const task of tasks) {
    const key = locked.get(task.keyId)
    if (!key || firsts.has(key.id)) continue
    firsts.set(key.id, task)
    const plan = planFor(task.plan, key, task.deps)
    if (plan === 'revoke' || plan === 'deactivate') reasons[plan].set(key.id, reasonOf(task.deps))
  }
  const revoked = new Set(await changeStatusInBulk(act, 'revoke', workspaceId, reasons.revoke))
  const deactivated = new Set(await changeStatusInBulk(act, 'deactivate', workspaceId, reasons.deactivate))
  const done: Done[] = []
  for (const task of tasks) {
    const { keyId, plan, deps } = task
    const isFirst = firsts.get(keyId) === task
    const applied =
      isFirst && revoked.has(keyId)
        ? ({ outcome: 'revoked' } as const)
        : isFirst && deactivated.has(keyId)
          ? await withSuccessor(act, locked.get(keyId)!, { outcome: 'deactivated' }, deps)
          : await applyPlan(act, { id: keyId, workspaceId }, plan, deps)
    done.push({ ...applied, offboardingId: deps.offboarding.id, keyId })
  }
  return done
}

/**
 * Applies the plan to one key, within the caller's transaction. A change that was made meanwhile is no failure: a key
 * that is refused already stays so. A key that should rotate but has no new owner is deactivated.
 */
async function applyPlan(
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
  return applied.outcome === 'failed' || applied.ownerAfter
    ? applied
    : withSuccessor(act, found, applied, deps)
}

/** A named successor takes over in any case; without one the key keeps its owner. */
async function withSuccessor(act: Act, key: Key, applied: Applied, deps: Deps): Promise<Applied> {
  const to = deps.offboarding.successorId ? deps.newOwner : undefined
  return { ...applied, ...(await takeOver(act, key, to, deps)) }
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
