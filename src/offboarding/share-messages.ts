import { newId } from '../foundation/ids.ts'
import type { World } from '../foundation/world.ts'
import { holdAccount } from './claim.ts'
import { isUnattended } from './offboarding.ts'
import { putProgress } from './put-messages.ts'

/** More leavers at once than these share a message. */
const apart = 3
const maxTogether = 500
const groupEveryMs = 60_000

/**
 * Gives every offboarding that is under way its message: its own, or one that it shares with others. When many people
 * leave at once they share a message, one a minute.
 */
export async function shareMessages({ db, clock, random }: World): Promise<void> {
  const now = clock.now()
  const waiting = () =>
    db('offboardings').whereNull('message_id').where({ announced: true }).whereNotIn('state', notBegun)
  const workspaces = await waiting().distinct('account_id', 'workspace_id')
  for (const { account_id: accountId, workspace_id: workspaceId } of workspaces)
    await db.transaction(async (trx) => {
      await holdAccount(trx, accountId)
      const rows = await waiting()
        .transacting(trx)
        .where({ workspace_id: workspaceId })
        .orderBy(['requested_at', 'id'])
        .limit(maxTogether)
        .forNoKeyUpdate()
        .select('id', 'requested_by')
      const since = new Date(now.getTime() - groupEveryMs)
      const recent = await trx('offboardings')
        .where({ workspace_id: workspaceId })
        .where('message_at', '>', since)
        .countDistinct('message_id as n')
        .first()
      for (const ids of sharing(rows, Number(recent!.n))) {
        const message = { message_id: newId('ofm', random), message_at: now }
        await trx('offboardings').whereIn('id', ids).update(message)
        await putProgress({ trx, now }, ids[0]!, 'begun', random)
        // The last one that is done brings the report.
        const left = await trx('offboardings').whereIn('id', ids).whereNot({ state: 'done' }).first('id')
        if (!left) await putProgress({ trx, now }, ids[0]!, 'done', random)
      }
    })
}

const notBegun = ['unmatched', 'requested']

/** Groups offboardings by message. One that a person asked for has a message of its own, at once. Pure. */
function sharing(waiting: readonly { id: string; requested_by: string }[], recent: number): string[][] {
  const isAlone = (row: { requested_by: string }) => !isUnattended({ requestedBy: row.requested_by })
  const others = waiting.filter((row) => !isAlone(row))
  const alone = recent + others.length <= apart ? waiting : waiting.filter(isAlone)
  const together = alone.length < waiting.length && recent < apart ? [others.map((row) => row.id)] : []
  return [...alone.map((row) => [row.id]), ...together]
}
