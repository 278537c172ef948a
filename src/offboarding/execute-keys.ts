import { groupBy } from '../foundation/group-by.ts'
import type { Random } from '../foundation/random.ts'
import { dayMs } from '../foundation/time.ts'
import { lockKeys } from '../keys/store.ts'
import type { Act } from '../members/actor.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { type Campaign, campaignOf, openCampaign } from '../rotation/campaign.ts'
import { applyPlans, type Deps, type Task } from './apply-to-key.ts'
import { batchSize, claimBatch, type Step } from './claim.ts'
import { isUnattended, type Offboarding, type Plan } from './offboarding.ts'
import { offerWaiting, putProgress } from './put-messages.ts'
import { newOwnerOf, successorIn } from './successor.ts'

type Waiting = { offboarding_id: string; key_id: string; workspace_id: string; plan: Plan }

/** The next keys of these offboardings, in one workspace: the oldest offboarding's first. */
const waiting = `
  select k.* from unnest(?::text[]) with ordinality as o (id, n)
    cross join lateral (
      select offboarding_id, key_id, workspace_id, plan from offboarding_keys
      where offboarding_id = o.id and outcome is null
      -- Rotations first, so that they come together and share a campaign.
      order by workspace_id, plan <> 'rotate', key_id limit ${batchSize}) k
  order by k.workspace_id, o.n, k.plan <> 'rotate', k.key_id limit ${batchSize}`

/**
 * Deals with the next keys, of one workspace and at most 50, in one transaction, of several leavers: key rows by id
 * first, then that workspace's audit chain. Returns how many keys and offboardings it brought further.
 */
export const executeKeys =
  (random: Random): Step =>
  async (act, claim) => {
    const claimed = await claimBatch(act, claim, 'acting')
    if (claimed.length === 0) return 0
    const ids = claimed.map(({ id }) => id)
    const { rows } = await act.trx.raw(waiting, [ids])
    const next = together(rows)
    if (next.length > 0) await apply(act, next, claimed, random)
    const left: string[] = await act
      .trx('offboarding_keys')
      .whereIn('offboarding_id', ids)
      .whereNull('outcome')
      .distinct('offboarding_id')
      .pluck('offboarding_id')
    const acted = claimed.filter(({ id }) => !left.includes(id))
    await endActing(act, acted, random)
    return next.length + acted.length
  }

/** Those of the first workspace. An offboarding that does not fit as a whole is left to the next batch, where it is alone. */
function together(rows: readonly Waiting[]): Waiting[] {
  const here = rows.filter((row) => row.workspace_id === rows[0]!.workspace_id)
  if (here.length < batchSize) return here
  const cut = here.at(-1)!.offboarding_id
  const whole = here.filter((row) => row.offboarding_id !== cut)
  return whole.length > 0 ? whole : here
}

async function apply(
  act: Act,
  rows: readonly Waiting[],
  claimed: readonly Offboarding[],
  random: Random,
): Promise<void> {
  const workspaceId = rows[0]!.workspace_id
  const keyIds = rows.map((row) => row.key_id)
  const locked = await lockKeys(act.trx, workspaceId, keyIds)
  const row = await act.trx('workspaces').where({ id: workspaceId }).first('policy')
  const workspace = { id: workspaceId, policy: readPolicy(row.policy) }
  const tasks: Task[] = []
  for (const [id, own] of groupBy(rows, (one) => one.offboarding_id)) {
    const deps = await depsFor(act, workspace, claimed.find((one) => one.id === id)!, own, random)
    for (const { key_id: keyId, plan } of own) tasks.push({ keyId, plan, deps })
  }
  const applied = await applyPlans(act, workspaceId, tasks, locked)
  await act.trx.raw(
    `update offboarding_keys o set outcome = a.outcome, why = coalesce(a.why, ''), acted_at = ?,
       owner_after = a."ownerAfter", successor_key_id = a."successorKeyId", ends_at = a."endsAt"
     from jsonb_to_recordset(?) as a ("offboardingId" text, outcome text, why text, "keyId" text, "ownerAfter" text,
       "successorKeyId" text, "endsAt" timestamptz)
     where o.offboarding_id = a."offboardingId" and o.key_id = a."keyId"`,
    [act.now, JSON.stringify(applied)],
  )
}

async function depsFor(
  act: Act,
  workspace: { id: string; policy: Policy },
  offboarding: Offboarding,
  rows: readonly Waiting[],
  random: Random,
): Promise<Deps> {
  const { policy } = workspace
  const here = { ...offboarding, successorId: await successorIn(act.trx, workspace.id, offboarding) }
  const needsOwner = here.successorId || rows.some(({ plan }) => plan === 'rotate' || plan === 'hand-over')
  return {
    offboarding: here,
    newOwner: needsOwner ? await newOwnerOf(act.trx, workspace.id, here) : undefined,
    graceEnds: new Date(act.now.getTime() + policy.offboardingGraceDays * dayMs),
    policy,
    campaign: await campaignFor(act, offboarding, workspace, rows, random),
    random,
  }
}

async function endActing(act: Act, offboardings: readonly Offboarding[], random: Random): Promise<void> {
  const ids = offboardings.map(({ id }) => id)
  await act.trx('offboardings').whereIn('id', ids).update({ state: 'confirming' })
  const offered: string[] = await act
    .trx('offboarding_keys')
    .whereIn('offboarding_id', ids)
    .whereIn('outcome', ['rotating', 'handed-over'])
    .distinct('offboarding_id')
    .pluck('offboarding_id')
  for (const one of offboardings) {
    if (offered.includes(one.id)) await offerWaiting(act, one, random)
    // A shared message shows only who is done, and would be put once for each of many.
    if (!isUnattended(one)) await putProgress(act, one.id, 'confirming', random)
  }
}

/** More rotations at once than these share a message. */
const apart = 3

/** The campaign that earlier rotations of this offboarding began, or a new one for so many. */
async function campaignFor(
  act: Act,
  { id, userId }: Offboarding,
  workspace: { id: string; policy: Policy },
  rows: readonly { plan: Plan }[],
  random: Random,
): Promise<Campaign | undefined> {
  const rotations = rows.filter((row) => row.plan === 'rotate').length
  if (rotations === 0) return undefined
  const newKeys: string[] = await act
    .trx('offboarding_keys')
    .where({ offboarding_id: id, workspace_id: workspace.id })
    .whereNotNull('successor_key_id')
    .orderBy('acted_at', 'desc')
    .limit(batchSize)
    .pluck('successor_key_id')
  const begun = await campaignOf(act, newKeys, { reason: 'leaver', ofUserId: userId })
  if (begun || rotations <= apart) return begun
  const about = { title: 'Keys of somebody who leaves', ofUserId: userId ?? undefined }
  return openCampaign(act, workspace, { ...about, reason: 'leaver' }, random)
}
