import type { Random } from '../foundation/random.ts'
import { dayMs } from '../foundation/time.ts'
import { lockKeys } from '../keys/store.ts'
import type { Act } from '../members/actor.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { type Campaign, campaignOf, openCampaign } from '../rotation/campaign.ts'
import { type Applied, applyPlan, revokeTogether } from './apply-to-key.ts'
import type { Step } from './execute-step.ts'
import { isUnattended, lockOffboarding, type Offboarding, type Plan } from './offboarding.ts'
import { offerWaiting, putProgress } from './put-messages.ts'
import { newOwnerOf, successorIn } from './successor.ts'

/** Few, so that verifiers learn a campaign bit by bit and no verify waits behind it. */
const keysPerTransaction = 50

/**
 * Deals with the next keys, of one workspace and at most 50, in one transaction: key rows by id first, then that
 * workspace's audit chain, so that two campaigns cannot wait for each other. True while there may be more.
 */
export const executeKeys =
  (random: Random): Step =>
  async (act, id) => {
    const offboarding = await lockOffboarding(act.trx, id)
    if (offboarding?.state !== 'acting') return false
    const waiting = () =>
      act
        .trx('offboarding_keys')
        .where({ offboarding_id: id })
        .whereNull('outcome')
        // Rotations first, so that they come together and share a campaign.
        .orderByRaw(`workspace_id, plan <> 'rotate', key_id`)
    const next = await waiting().first('workspace_id')
    if (!next) {
      await endActing(act, offboarding, random)
      return false
    }
    const workspaceId: string = next.workspace_id
    const rows = await waiting().where({ workspace_id: workspaceId }).limit(keysPerTransaction)
    const keyIds = rows.map((row) => row.key_id as string)
    const locked = await lockKeys(act.trx, workspaceId, keyIds)
    const row = await act.trx('workspaces').where({ id: workspaceId }).first('policy')
    const policy = readPolicy(row.policy)
    const here = { ...offboarding, successorId: await successorIn(act.trx, workspaceId, offboarding) }
    const deps = {
      offboarding: here,
      newOwner: await newOwnerOf(act.trx, workspaceId, here),
      graceEnds: new Date(act.now.getTime() + policy.offboardingGraceDays * dayMs),
      policy,
      campaign: await campaignFor(act, offboarding, { id: workspaceId, policy }, rows, random),
      random,
    }
    const revoked = await revokeTogether(act, workspaceId, rows, locked, deps)
    const applied: (Applied & { keyId: string })[] = []
    for (const { key_id: keyId, plan } of rows)
      applied.push({
        keyId,
        ...(revoked.has(keyId)
          ? ({ outcome: 'revoked' } as const)
          : await applyPlan(act, { id: keyId, workspaceId }, plan, deps)),
      })
    await act.trx.raw(
      `update offboarding_keys o set outcome = a.outcome, why = coalesce(a.why, ''), acted_at = ?,
         owner_after = a."ownerAfter", successor_key_id = a."successorKeyId", ends_at = a."endsAt"
       from jsonb_to_recordset(?) as a (outcome text, why text, "keyId" text, "ownerAfter" text,
         "successorKeyId" text, "endsAt" timestamptz)
       where o.offboarding_id = ? and o.key_id = a."keyId"`,
      [act.now, JSON.stringify(applied), id],
    )
    if (await waiting().first('key_id')) return true
    await endActing(act, offboarding, random)
    return false
  }

async function endActing(act: Act, offboarding: Offboarding, random: Random): Promise<void> {
  await act.trx('offboardings').where({ id: offboarding.id }).update({ state: 'confirming' })
  await offerWaiting(act, offboarding, random)
  // A shared message shows only who is done, and would be put once for each of many.
  if (!isUnattended(offboarding)) await putProgress(act, offboarding.id, 'confirming', random)
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
    .limit(keysPerTransaction)
    .pluck('successor_key_id')
  const begun = await campaignOf(act, newKeys, { reason: 'leaver', ofUserId: userId })
  if (begun || rotations <= apart) return begun
  const about = { title: 'Keys of somebody who leaves', ofUserId: userId ?? undefined }
  return openCampaign(act, workspace, { ...about, reason: 'leaver' }, random)
}
