import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import type { Receipt } from '../leases/confirm.ts'
import type { Act } from '../members/actor.ts'
import { readPolicy } from '../policy/policy.ts'
import type { Step } from './execute-step.ts'
import { lockOffboarding, type Offboarding } from './offboarding.ts'
import { completeRuns, putProgress } from './put-messages.ts'
import { planKeys } from './write-plan.ts'

/**
 * Ends an offboarding when every verifier has confirmed every key that was acted on, and the leaver has got hold of
 * nothing since; otherwise it goes on with that. `keyIds`: the keys that the receipt speaks for.
 */
export const completeOffboarding =
  (receipt: Receipt, keyIds: ReadonlySet<string>, random: Random): Step =>
  async (act, id) => {
    const offboarding = await lockOffboarding(act.trx, id)
    if (offboarding?.state !== 'confirming' || receipt.state !== 'confirmed') return false
    await act
      .trx('offboarding_keys')
      .where({ offboarding_id: id })
      .whereIn('key_id', [...keyIds])
      .whereNotNull('acted_at')
      .whereNull('confirmed_at')
      .update({ confirmed_at: act.now, receipt: JSON.stringify(receipt) })
    const left = await act
      .trx('offboarding_keys')
      .where({ offboarding_id: id })
      .whereNull('confirmed_at')
      .first('key_id')
    if (left) return false
    if ((await planKeys(act, offboarding, await policyOf(act, offboarding))).length > 0) {
      await act.trx('offboardings').where({ id }).update({ state: 'acting' })
      return false
    }
    await act.trx('offboardings').where({ id }).update({ state: 'done', done_at: act.now })
    await putProgress(act, id, 'done', random)
    await completeRuns(act, offboarding, random)
    await recordCompleted(act, offboarding)
    return true
  }

async function policyOf(act: Act, { accountId }: Offboarding) {
  const rows = await act.trx('workspaces').where({ account_id: accountId }).select('id', 'policy')
  return new Map(rows.map((row) => [row.id as string, readPolicy(row.policy)]))
}

async function recordCompleted(act: Act, offboarding: Offboarding): Promise<void> {
  const { rows } = await act.trx.raw(
    `select count(*) filter (where outcome in ('revoked', 'deactivated', 'refused-already')) as refused,
       count(*) filter (where outcome = 'rotating') as rotating,
       count(*) filter (where outcome in ('kept', 'handed-over')) as kept,
       count(*) filter (where outcome = 'failed') as failed
     from offboarding_keys where offboarding_id = ?`,
    [offboarding.id],
  )
  const seconds = Math.round((act.now.getTime() - offboarding.begunAt.getTime()) / 1000)
  await record(act, {
    event: 'offboarding.completed',
    workspaceId: offboarding.workspaceId,
    details: {
      offboarding: offboarding.id,
      user: offboarding.userId,
      ...rows[0],
      seconds,
      withinLimit: act.now <= offboarding.dueAt,
      lastOwnerOf: offboarding.lastOwnerOf,
    },
  })
}
