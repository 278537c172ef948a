import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import { activate } from '../keys/state.ts'
import { transferKey } from '../keys/transfer.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { markReturned, restoreOwner } from '../workspaces/roles.ts'
import { actIn } from './authority.ts'
import { type LeaverKey, leaverKeysOf, type Offboarding, type Source, toOffboarding } from './offboarding.ts'
import { completeRuns, putProgress } from './put-messages.ts'

export type Undone = {
  offboarding: Offboarding
  activated: string[]
  returned: string[]
  kept: string[]
  /** how many keys stay as they are, in workspaces that the actor does not manage */
  elsewhere: number
}

/**
 * Takes back what can be taken back: keys that this offboarding deactivated work again, and what it gave to somebody
 * else goes back, unless somebody touched it since. Revoked keys stay revoked and rotations go on; roles are set
 * anew by an owner. A person brings nothing back in a workspace that they are not in charge of. Names of keys are in the
 * answer.
 */
export async function undoOffboarding(
  act: Act,
  accountId: string,
  id: string,
  random: Random,
): Promise<Undone | Refusal> {
  const row = await act.trx('offboardings').where({ id, account_id: accountId }).forUpdate().first()
  if (!row) return noSuchKey({ action: 'offboarding.undo' })
  const offboarding = toOffboarding(row)
  const refusal = await authorise(act, 'offboarding.undo', { workspaceId: offboarding.workspaceId })
  if (refusal) return refusal
  if (offboarding.endedAt)
    return refuse('already', say`It ended on ${{ moment: offboarding.endedAt }} already.`)
  if (offboarding.state !== 'done')
    return refuse('already', 'It is still running.', { next: 'Undo it when the report is there.' })
  const undone: Undone = { offboarding, activated: [], returned: [], kept: [], elsewhere: 0 }
  const keys = await leaverKeysOf(act.trx, [id])
  const acts = new Map<string, Act | undefined>()
  for (const { workspaceId } of keys)
    if (!acts.has(workspaceId)) acts.set(workspaceId, await actIn(act, workspaceId))
  await act
    .trx('keys')
    .whereIn(
      'id',
      keys.map((key) => key.keyId),
    )
    .orderBy('id')
    .forUpdate()
    .select('id')
  for (const key of keys) {
    const isEnded = key.outcome === 'deactivated' || key.outcome === 'revoked' || key.outcome === 'rotating'
    const here = acts.get(key.workspaceId)
    if (!here) {
      undone.elsewhere += isEnded || key.ownerAfter ? 1 : 0
      continue
    }
    const isBack = key.outcome === 'deactivated' && (await reactivate(here, key, id))
    const isOwned = key.outcome !== 'rotating' && (await giveBack(here, key, offboarding))
    if (isBack) undone.activated.push(key.name)
    if (isOwned) undone.returned.push(key.name)
    if (!isBack && isEnded) undone.kept.push(key.name)
    if (isBack || isOwned)
      await act
        .trx('offboarding_keys')
        .where({ offboarding_id: id, key_id: key.keyId })
        .update({ undone_at: act.now })
  }
  await endOffboarding(act, offboarding, 'undone', random)
  return undone
}

/** Only what this offboarding did to the key is undone: somebody may have activated it, and another deactivated it again. */
async function reactivate(
  act: Act,
  { keyId, workspaceId, actedAt }: LeaverKey,
  id: string,
): Promise<boolean> {
  const untouched = await act
    .trx('keys')
    .where({
      id: keyId,
      status: 'inactive',
      status_changed_by: 'job:offboarding',
      status_changed_at: actedAt,
    })
    .first('id')
  if (!untouched) return false
  const done = await activate(act, workspaceId, keyId, `undo of ${id}`)
  return !isRefusal(done)
}

async function giveBack(
  act: Act,
  key: { keyId: string; workspaceId: string; ownerBefore: string; ownerAfter: string | null },
  { id, userId }: Offboarding,
): Promise<boolean> {
  if (!userId || !key.ownerAfter || key.ownerBefore !== userId) return false
  return transferKey(act, { ...key, from: key.ownerAfter, to: userId, reason: `undo of ${id}` })
}

async function endOffboarding(
  act: Act,
  offboarding: Offboarding,
  because: 'undone' | 'returned',
  random: Random,
): Promise<void> {
  const { id, userId, email, workspaceId } = offboarding
  await act.trx('offboardings').where({ id }).update({ ended_at: act.now, ended_because: because })
  if (userId) await restoreMember(act, offboarding.accountId, userId, because)
  // Its message says so too.
  await putProgress(act, id, 'ended', random)
  const details = { offboarding: id, user: userId, ...(email ? { email } : {}), because }
  await record(act, { event: 'offboarding.ended', workspaceId, details })
}

/**
 * Their keys are not orphaned any more. An undo makes a last owner the owner again, where the actor manages the
 * workspace.
 */
async function restoreMember(act: Act, accountId: string, userId: string, because: 'undone' | 'returned') {
  const workspaces = await act.trx('workspaces').where({ account_id: accountId }).orderBy('id').select('id')
  for (const { id } of workspaces) {
    await markReturned(act, id, userId)
    if (because === 'undone' && (await actIn(act, id))) await restoreOwner(act, id, userId)
  }
}

const said: Record<'slack' | 'directory', Source> = { slack: 'user-change', directory: 'scim' }

/**
 * Withdraws what `by` had said of a person who is back: Slack, or a directory. The offboarding ends with the last request
 * for it, so that leaving again is a new one. No key comes back by itself.
 */
export async function recordReturn(
  act: Act,
  accountId: string,
  userId: string,
  by: 'slack' | 'directory',
  random: Random,
): Promise<boolean> {
  const row = await act
    .trx('offboardings')
    .where({ account_id: accountId, user_id: userId })
    .whereNull('ended_at')
    .forUpdate()
    .first()
  if (!row) return false
  const open = () =>
    act.trx('offboarding_requests').where({ offboarding_id: row.id }).whereNull('withdrawn_at')
  const withdrawn = await open()
    .where((query) => query.where({ source: said[by] }).orWhere({ source: 'reconcile', reference: by }))
    .update({ withdrawn_at: act.now })
  if (withdrawn === 0 || (await open().first('source'))) return false
  // Nothing has happened yet, so nothing will.
  const offboarding = toOffboarding(row)
  if (offboarding.state === 'requested') {
    await act.trx('offboardings').where({ id: row.id }).update({ state: 'done', done_at: act.now })
    await putProgress(act, offboarding.id, 'done', random)
    await completeRuns(act, offboarding, random)
  }
  await endOffboarding(act, offboarding, 'returned', random)
  return true
}
