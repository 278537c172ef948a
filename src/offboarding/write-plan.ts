import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { lockRole, lockWorkspace } from '../members/lock.ts'
import { findMember, type Role } from '../members/member.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { closeRequestsOf } from '../workspaces/requests.ts'
import { markDeparted } from '../workspaces/roles.ts'
import { mayOffboard } from './authority.ts'
import type { Step } from './execute-step.ts'
import { type Candidate, keysOfLeaver } from './leaver-keys.ts'
import { notifyWorkspaces, type Planned } from './notify-workspaces.ts'
import { isUnattended, lockOffboarding, type Offboarding, type Plan } from './offboarding.ts'
import { isBusy, modeIn, planFor } from './plan.ts'

/**
 * Writes down every key of the leaver with what shall happen to it, closes their requests and ends their roles. In a
 * workspace where their role stays, nothing but keys ends.
 */
export const writePlan =
  (random: Random): Step =>
  async (act, id) => {
    const requested = await lockOffboarding(act.trx, id)
    if (requested?.state !== 'requested') return false
    const workspaces = await act
      .trx('workspaces')
      .where({ account_id: requested.accountId })
      .orderBy('id')
      .select('id', 'name', 'policy')
    for (const workspace of workspaces) await lockWorkspace(act, workspace.id)
    const offboarding = await asTheyStillMay(act, requested)
    const named = workspaces.map(({ id, name, policy }) => ({ id, name, policy: readPolicy(policy) }))
    const policies = new Map(named.map((workspace) => [workspace.id as string, workspace.policy]))
    const left = workspaces.filter(({ id }) => !offboarding.keepsRoleIn.includes(id))
    const lastOwnerOf: string[] = []
    for (const workspace of left) {
      await markDeparted(act, workspace.id, offboarding.userId!)
      if (await stillOwns(act, workspace.id, offboarding.userId!)) lastOwnerOf.push(workspace.name)
    }
    const planned = await planKeys(act, offboarding, policies)
    const ids = left.map((workspace) => workspace.id as string)
    await closeRequestsOf(act, ids, offboarding.userId!, random)
    await notifyWorkspaces(act, offboarding, named, planned, random)
    // A leaver without keys is announced only to a person who asked.
    const isAnnounced =
      planned.length > 0 ||
      lastOwnerOf.length > 0 ||
      offboarding.keepsRoleIn.length > 0 ||
      !isUnattended(offboarding) ||
      offboarding.begunAt > offboarding.requestedAt
    await act.trx('offboardings').where({ id }).update({
      state: 'acting',
      decides_in: offboarding.decidesIn,
      keeps_role_in: offboarding.keepsRoleIn,
      last_owner_of: lastOwnerOf,
      announced: isAnnounced,
    })
    return true
  }

/**
 * The people who asked decide where one of them is still in charge. Elsewhere policy does, and a role stays that nothing
 * else asked to end.
 */
async function asTheyStillMay(act: Act, offboarding: Offboarding): Promise<Offboarding> {
  const { id, userId, requestedBy, decidesIn, keepsRoleIn } = offboarding
  const requests = await act.trx('offboarding_requests').where({ offboarding_id: id }).select('requested_by')
  const requesters = new Set([requestedBy, ...requests.map((row) => row.requested_by as string)])
  const people = [...requesters].filter((name) => !name.includes(':'))
  if (!people.includes(requestedBy)) return offboarding
  const lost: { workspaceId: string; leaver: Role }[] = []
  for (const workspaceId of decidesIn) {
    const leaver = (await findMember(act.trx, workspaceId, userId!))?.role ?? 'member'
    const held: (Role | undefined)[] = []
    for (const person of people) held.push(await lockRole(act.trx, workspaceId, person))
    if (!held.some((role) => role && mayOffboard(role, leaver))) lost.push({ workspaceId, leaver })
  }
  if (lost.length === 0) return offboarding
  const stays = people.length < requesters.size ? [] : lost.filter(({ leaver }) => leaver !== 'member')
  return {
    ...offboarding,
    decidesIn: decidesIn.filter((here) => lost.every(({ workspaceId }) => workspaceId !== here)),
    keepsRoleIn: [...keepsRoleIn, ...stays.map(({ workspaceId }) => workspaceId)],
  }
}

/** Adds what is not planned yet. Returns those keys. */
export async function planKeys(
  act: Act,
  offboarding: Offboarding,
  policy: ReadonlyMap<string, Policy>,
): Promise<Planned[]> {
  const keys = await keysOfLeaver(act.trx, offboarding.accountId, offboarding.userId!)
  if (keys.length === 0) return []
  const rows = keys.map((key) => rowFor(act, offboarding, key, policy.get(key.workspaceId)!))
  const added = await act.trx.raw(
    `insert into offboarding_keys (offboarding_id, key_id, workspace_id, reasons, busy, plan, owner_before)
     select offboarding_id, key_id, workspace_id, reasons, busy, plan, owner_before
     from jsonb_to_recordset(?) as k (offboarding_id text, key_id text, workspace_id text, reasons text[],
       busy boolean, plan text, owner_before text)
     on conflict do nothing returning key_id, plan`,
    [JSON.stringify(rows)],
  )
  const plans = new Map<string, Plan>(added.rows.map((row: Added) => [row.key_id, row.plan]))
  return keys.flatMap(({ id, workspaceId, name }) => {
    const plan = plans.get(id)
    return plan ? [{ workspaceId, name, plan }] : []
  })
}

type Added = { key_id: string; plan: Plan }

function rowFor(act: Act, offboarding: Offboarding, key: Candidate, policy: Policy) {
  const busy = isBusy(key, act.now, policy.offboardingBusyDays)
  const decides = offboarding.decidesIn.includes(key.workspaceId)
  const chosen = decides ? offboarding.choices[key.id] : undefined
  const plan = planFor(key, modeIn(offboarding, key.workspaceId, policy), busy, act.now, chosen)
  // Whose role stays can still reveal what nobody has seen.
  const stays = offboarding.keepsRoleIn.includes(key.workspaceId)
  return {
    offboarding_id: offboarding.id,
    key_id: key.id,
    workspace_id: key.workspaceId,
    reasons: key.reasons,
    busy,
    plan: stays && plan === 'hand-over' ? 'keep' : plan,
    owner_before: key.ownerId,
  }
}

/** The last owner's row stays, so that somebody can see who it was. */
const stillOwns = async (act: Act, workspaceId: string, userId: string): Promise<boolean> =>
  (await act
    .trx('members')
    .where({ workspace_id: workspaceId, user_id: userId, role: 'owner' })
    .first('user_id')) !== undefined
