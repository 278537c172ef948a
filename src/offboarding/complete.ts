import { recordAll } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import type { Receipt } from '../leases/confirm.ts'
import type { Act } from '../members/actor.ts'
import { readPolicy } from '../policy/policy.ts'
import { claimBatch, type Step } from './claim.ts'
import type { Offboarding } from './offboarding.ts'
import { completeRuns, putProgress } from './put-messages.ts'
import { planKeys } from './write-plan.ts'

/**
 * Ends those of these offboardings of which every verifier has confirmed every key that was acted on, and whose leaver
 * has got hold of nothing since; the others go on with that. The receipt speaks for the keys that are `ended`; those that
 * somebody activated meanwhile are kept.
 */
export const completeOffboardings =
  (
    ids: readonly string[],
    receipt: Receipt,
    { ended, kept }: { ended: readonly string[]; kept: readonly string[] },
    random: Random,
  ): Step =>
  async (act, claim) => {
    const claimed = await claimBatch(act, claim, 'confirming', ids)
    const claimedIds = claimed.map(({ id }) => id)
    await act.trx.raw(
      `update offboarding_keys set confirmed_at = :now,
         receipt = case when key_id = any(:ended) then :receipt::jsonb end,
         outcome = case when key_id = any(:kept) and outcome = 'deactivated' then 'kept' else outcome end
       where offboarding_id = any(:ids) and key_id = any(:keys) and acted_at is not null and confirmed_at is null`,
      {
        ...{ now: act.now, ids: claimedIds, receipt: JSON.stringify(receipt) },
        ...{ ended: [...ended], kept: [...kept], keys: [...ended, ...kept] },
      },
    )
    const left: string[] = await act
      .trx('offboarding_keys')
      .whereIn('offboarding_id', claimedIds)
      .whereNull('confirmed_at')
      .distinct('offboarding_id')
      .pluck('offboarding_id')
    const confirmed = claimed.filter(({ id }) => !left.includes(id))
    if (confirmed.length === 0) return 0
    const planned = await planKeys(act, confirmed, await policies(act, claim.accountId))
    const more = [...planned.keys()]
    await act.trx('offboardings').whereIn('id', more).update({ state: 'acting' })
    const done = confirmed.filter(({ id }) => !planned.has(id))
    const doneIds = done.map(({ id }) => id)
    await act.trx('offboardings').whereIn('id', doneIds).update({ state: 'done', done_at: act.now })
    for (const id of doneIds) await putProgress(act, id, 'done', random)
    const ofWorkflows: string[] = await act
      .trx('offboarding_requests')
      .whereIn('offboarding_id', doneIds)
      .where({ source: 'workflow' })
      .distinct('offboarding_id')
      .pluck('offboarding_id')
    for (const one of done) if (ofWorkflows.includes(one.id)) await completeRuns(act, one, random)
    await recordCompleted(act, done)
    return done.length
  }

async function policies({ trx }: Act, accountId: string) {
  const rows = await trx('workspaces').where({ account_id: accountId }).select('id', 'policy')
  return new Map(rows.map((row) => [row.id as string, readPolicy(row.policy)]))
}

const none = { refused: 0, rotating: 0, kept: 0, failed: 0 }

async function recordCompleted(act: Act, done: readonly Offboarding[]): Promise<void> {
  const { rows } = await act.trx.raw(
    `select offboarding_id as id,
       count(*) filter (where outcome in ('revoked', 'deactivated', 'refused-already')) as refused,
       count(*) filter (where outcome = 'rotating') as rotating,
       count(*) filter (where outcome in ('kept', 'handed-over')) as kept,
       count(*) filter (where outcome = 'failed') as failed
     from offboarding_keys where offboarding_id = any (?) group by 1`,
    [done.map(({ id }) => id)],
  )
  type Counted = typeof none & { id: string }
  const counts = new Map((rows as Counted[]).map(({ id, ...counted }) => [id, counted]))
  await recordAll(
    act,
    done.map((one) => ({
      event: 'offboarding.completed' as const,
      workspaceId: one.workspaceId,
      details: {
        offboarding: one.id,
        user: one.userId,
        ...(counts.get(one.id) ?? none),
        seconds: Math.round((act.now.getTime() - one.begunAt.getTime()) / 1000),
        withinLimit: act.now <= one.dueAt,
        lastOwnerOf: one.lastOwnerOf,
      },
    })),
  )
}
