import { recordAll } from '../audit/record.ts'
import { groupBy } from '../foundation/group-by.ts'
import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { lockRole, lockWorkspace } from '../members/lock.ts'
import { findMember, type Role } from '../members/member.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { closeRequestsOf } from '../workspaces/request-ends.ts'
import { markAllDeparted } from '../workspaces/roles.ts'
import { mayOffboard } from './authority.ts'
import { claimBatch, type Step } from './claim.ts'
import { type Candidate, keysOfLeavers } from './leaver-keys.ts'
import { notifyWorkspaces, type Planned } from './notify-workspaces.ts'
import { isUnattended, type Offboarding, type Plan } from './offboarding.ts'
import { askOwners } from './owner-named.ts'
import { isBusy, modeIn, planFor } from './plan.ts'

/**
 * Writes down every key of each leaver with what shall happen to it, closes their requests and ends their roles. In a
 * workspace where their role stays, nothing but keys ends.
 */
export const writePlans =
  (random: Random): Step =>
  async (act, claim) => {
    const asked = await claimBatch(act, claim, 'requested')
    if (asked.length === 0) return 0
    const rows = await act
      .trx('workspaces')
      .where({ account_id: claim.accountId })
      .orderBy('id')
      .select('id', 'name', 'policy')
    for (const { id } of rows) await lockWorkspace(act, id)
    const claimed = await asTheyStillMay(act, asked)
    const named = rows.map(({ id, name, policy }) => ({ id: id as string, name, policy: readPolicy(policy) }))
    const leavers = claimed.map(({ userId, keepsRoleIn }) => ({
      userId: userId!,
      workspaceIds: named.flatMap(({ id }) => (keepsRoleIn.includes(id) ? [] : [id])),
    }))
    const { events, lastOwners } = await markAllDeparted(
      act,
      leavers.flatMap(({ userId, workspaceIds }) =>
        workspaceIds.map((workspaceId) => ({ workspaceId, userId })),
      ),
    )
    const planned = await planKeys(act, claimed, new Map(named.map(({ id, policy }) => [id, policy])))
    const closed = await closeRequestsOf(act, leavers, random)
    const acting = []
    for (const offboarding of claimed) {
      const keys = planned.get(offboarding.id) ?? []
      await notifyWorkspaces(act, offboarding, named, keys, random)
      if (isUnattended(offboarding)) await askOwners(act, offboarding, named, random)
      const last = lastOwners.filter(({ userId }) => userId === offboarding.userId)
      const lastOwnerOf = last.map(({ workspaceId }) => named.find(({ id }) => id === workspaceId)!.name)
      // A leaver without keys is announced only to a person who asked.
      const announced =
        keys.length > 0 ||
        lastOwnerOf.length > 0 ||
        offboarding.keepsRoleIn.length > 0 ||
        !isUnattended(offboarding) ||
        offboarding.begunAt > offboarding.requestedAt
      const { id, decidesIn, keepsRoleIn } = offboarding
      acting.push({ id, decidesIn, keepsRoleIn, lastOwnerOf, announced })
    }
    await act.trx.raw(
      `update offboardings o set state = 'acting', decides_in = a."decidesIn", keeps_role_in = a."keepsRoleIn",
         last_owner_of = a."lastOwnerOf", announced = a.announced
       from jsonb_to_recordset(?) as a (id text, "decidesIn" text[], "keepsRoleIn" text[], "lastOwnerOf" text[],
         announced boolean) where o.id = a.id`,
      [JSON.stringify(acting)],
    )
    await recordAll(act, [...closed, ...events])
    return claimed.length
  }

/**
 * The people who asked decide where one of them is still in charge. Elsewhere policy does, and a role stays that nothing
 * else asked to end.
 */
async function asTheyStillMay(act: Act, offboardings: readonly Offboarding[]): Promise<Offboarding[]> {
  const attended = offboardings.filter((one) => !one.requestedBy.includes(':'))
  const requests = await act
    .trx('offboarding_requests')
    .whereIn(
      'offboarding_id',
      attended.map(({ id }) => id),
    )
    .select('offboarding_id', 'requested_by')
  const now: Offboarding[] = []
  for (const offboarding of offboardings) {
    const ofIt = requests.filter((row) => row.offboarding_id === offboarding.id)
    const requesters = ofIt.map((row) => row.requested_by as string)
    now.push(attended.includes(offboarding) ? await narrowed(act, offboarding, requesters) : offboarding)
  }
  return now
}

async function narrowed(act: Act, offboarding: Offboarding, asked: readonly string[]): Promise<Offboarding> {
  const { userId, requestedBy, decidesIn, keepsRoleIn } = offboarding
  const requesters = new Set([requestedBy, ...asked])
  const people = [...requesters].filter((name) => !name.includes(':'))
  const lost: { workspaceId: string; leaver: Role }[] = []
  for (const workspaceId of decidesIn) {
    const leaver = (await findMember(act.trx, workspaceId, userId!))?.role ?? 'member'
    const held: (Role | undefined)[] = []
    for (const person of people) held.push(await lockRole(act.trx, workspaceId, person))
    if (!held.some((role) => role && mayOffboard(role, leaver))) lost.push({ workspaceId, leaver })
  }
  const stays = people.length < requesters.size ? [] : lost.filter(({ leaver }) => leaver !== 'member')
  return {
    ...offboarding,
    decidesIn: decidesIn.filter((here) => lost.every(({ workspaceId }) => workspaceId !== here)),
    keepsRoleIn: [...keepsRoleIn, ...stays.map(({ workspaceId }) => workspaceId)],
  }
}

/** Adds what is not planned yet. Returns those keys by their offboarding; one that has none more is not there. */
export async function planKeys(
  act: Act,
  offboardings: readonly Offboarding[],
  policies: ReadonlyMap<string, Policy>,
): Promise<Map<string, Planned[]>> {
  const { accountId } = offboardings[0]!
  const ofLeaver = new Map(offboardings.map((one) => [one.userId!, one]))
  const keys = await keysOfLeavers(act.trx, accountId, [...ofLeaver.keys()])
  if (keys.length === 0) return new Map()
  const rows = keys.map((key) => rowFor(act, ofLeaver.get(key.leaver)!, key, policies.get(key.workspaceId)!))
  const added = await act.trx.raw(
    `insert into offboarding_keys (offboarding_id, key_id, workspace_id, reasons, busy, plan, owner_before)
     select offboarding_id, key_id, workspace_id, reasons, busy, plan, owner_before
     from jsonb_to_recordset(?) as k (offboarding_id text, key_id text, workspace_id text, reasons text[],
       busy boolean, plan text, owner_before text)
     order by key_id
     on conflict do nothing returning offboarding_id, key_id, workspace_id, plan`,
    [JSON.stringify(rows)],
  )
  const names = new Map(keys.map(({ id, name }) => [id, name]))
  const planned = (added.rows as Added[]).map(({ key_id, workspace_id, plan, offboarding_id }) => ({
    offboardingId: offboarding_id,
    ...{ workspaceId: workspace_id, name: names.get(key_id)!, plan },
  }))
  return groupBy(planned, ({ offboardingId }) => offboardingId)
}

type Added = { offboarding_id: string; key_id: string; workspace_id: string; plan: Plan }

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
