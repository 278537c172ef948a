import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import { isOver, type Key } from '../keys/key.ts'
import { offerKeys, refreshOffers } from '../keys/offers.ts'
import { activate } from '../keys/state.ts'
import { toKey } from '../keys/store.ts'
import { transferKey } from '../keys/transfer.ts'
import { type Act, actorName } from '../members/actor.ts'
import type { Role } from '../members/member.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { endedRolesOf, markReturned, restoreRole } from '../workspaces/roles.ts'
import { actIn, mayOffboard } from './authority.ts'
import {
  findOffboarding,
  type LeaverKey,
  leaverKeysOf,
  type Offboarding,
  type Source,
  toOffboarding,
} from './offboarding.ts'
import { completeRuns, putProgress } from './put-messages.ts'

/** The result of an undo, or of one now; keys by name. */
export type Undone = {
  offboarding: Offboarding
  /** work again */
  activated: string[]
  /** theirs again */
  returned: string[]
  /** go on rotating */
  rotating: string[]
  /** work already: somebody has activated them, or aborted their rotation, since */
  working: string[]
  /** stay refused: revoked, expired, or paused by somebody since */
  kept: string[]
  /** how many keys stay as they are, in workspaces that the actor does not manage */
  elsewhere: number
  /** roles that they have again, by the workspace's name */
  roles: { workspace: string; role: Role }[]
  /** whether a role that ended somewhere stays so, since the actor could not have ended it */
  rolesStayEnded: boolean
}

/** Says what an undo by this actor would give back now. Changes nothing. */
export async function previewUndo(act: Act, accountId: string, id: string): Promise<Undone | Refusal> {
  const found = await findUndoable(act, accountId, id)
  if (isRefusal(found)) return found
  return summed(found, await stepsOf(act, found), await endedRoles(act, found))
}

/**
 * Takes back what can be taken back: keys that this offboarding deactivated work again, what it gave to somebody else
 * goes back with the new key of a rotation, unless somebody touched it since, and the roles that it ended are there
 * again. Revoked keys stay revoked and rotations go on. A person brings nothing back in a workspace that they are not
 * in charge of, and no role that they could not have ended. Performed with `changesRoles`.
 */
export async function undoOffboarding(
  act: Act,
  accountId: string,
  id: string,
  random: Random,
): Promise<Undone | Refusal> {
  // Nobody waits for one that is under way just now: it would wait for the workspace, which this act holds.
  await act.trx('offboardings').where({ id, account_id: accountId, state: 'done' }).forUpdate().first('id')
  const offboarding = await findUndoable(act, accountId, id)
  if (isRefusal(offboarding)) return offboarding
  const roles = await endedRoles(act, offboarding)
  const keyIds: string[] = await act.trx('offboarding_keys').where({ offboarding_id: id }).pluck('key_id')
  const newIds: string[] = await act
    .trx('offboarding_keys')
    .where({ offboarding_id: id })
    .whereNotNull('successor_key_id')
    .pluck('successor_key_id')
  await act
    .trx('keys')
    .whereIn('id', [...keyIds, ...newIds])
    .orderBy('id')
    .forUpdate()
    .select('id')
  const steps = await stepsOf(act, offboarding)
  for (const step of steps) await takeBack(step, offboarding)
  const undone = steps.filter(({ here, activates, transfers }) => here && (activates || transfers.length > 0))
  await act
    .trx('offboarding_keys')
    .where({ offboarding_id: id })
    .whereIn(
      'key_id',
      undone.map(({ key }) => key.keyId),
    )
    .update({ undone_at: act.now })
  await giveRolesBack(act, offboarding, roles)
  await endOffboarding(act, offboarding, 'undone', random)
  await offerAgain(act, offboarding, steps, random)
  return summed(offboarding, steps, roles)
}

async function findUndoable(act: Act, accountId: string, id: string): Promise<Offboarding | Refusal> {
  const offboarding = await findOffboarding(act.trx, accountId, id)
  if (!offboarding) return noSuchKey({ action: 'offboarding.undo' })
  const refusal = await authorise(act, 'offboarding.undo', { workspaceId: offboarding.workspaceId })
  if (refusal) return refusal
  if (offboarding.endedAt)
    return refuse('already', say`It ended on ${{ moment: offboarding.endedAt }} already.`)
  if (offboarding.state !== 'done')
    return refuse('already', 'It is still running.', { next: 'Undo it when the report is there.' })
  return offboarding
}

type Transferred = { keyId: string; isUnrevealed: boolean }

/** The undo of one key: `here` is the act in its workspace, where the actor is in charge of it. */
type Step = {
  key: LeaverKey
  here: Act | undefined
  activates: boolean
  transfers: Transferred[]
}

async function stepsOf(act: Act, { id, userId }: Offboarding): Promise<Step[]> {
  const keys = await leaverKeysOf(act.trx, [id], act.now)
  const newIds = keys.map(({ successorKeyId }) => successorKeyId).filter((one) => one !== null)
  const rows = await act.trx('keys').whereIn('id', [...keys.map(({ keyId }) => keyId), ...newIds])
  const byId = new Map(rows.map((row) => [row.id as string, toKey(row)]))
  const acts = new Map<string, Act | undefined>()
  for (const { workspaceId } of keys)
    if (!acts.has(workspaceId)) acts.set(workspaceId, await actIn(act, workspaceId))
  return keys.map((key) => ({
    key,
    here: acts.get(key.workspaceId),
    activates: isUntouched(key, byId.get(key.keyId)!, act.now),
    transfers:
      key.ownerBefore === userId
        ? [key.keyId, key.successorKeyId ?? ''].flatMap((keyId): Transferred[] => {
            const now = byId.get(keyId)
            return now && now.ownerId === key.ownerAfter && now.status !== 'revoked'
              ? [{ keyId, isUnrevealed: now.status === 'unrevealed' }]
              : []
          })
        : [],
  }))
}

/** Only what this offboarding did to the key is undone: somebody may have activated it, and another deactivated it again. */
const isUntouched = ({ outcome, actedAt }: LeaverKey, now: Key, at: Date): boolean =>
  outcome === 'deactivated' &&
  now.status === 'inactive' &&
  now.statusChangedBy === 'job:offboarding' &&
  now.statusChangedAt.getTime() === actedAt?.getTime() &&
  !isOver(now, at)

async function takeBack({ key, here, activates, transfers }: Step, { id, userId }: Offboarding) {
  if (!here) return
  const reason = `undo of ${id}`
  if (activates) await activate(here, key.workspaceId, key.keyId, reason)
  for (const { keyId } of transfers)
    await transferKey(here, {
      ...{ keyId, workspaceId: key.workspaceId, reason },
      ...{ from: key.ownerAfter!, to: userId! },
    })
}

function summed(offboarding: Offboarding, steps: readonly Step[], roles: readonly EndedRole[]): Undone {
  const isEnded = ({ key }: Step) =>
    key.outcome === 'deactivated' || key.outcome === 'revoked' || key.outcome === 'rotating'
  const here = steps.filter((step) => step.here)
  const names = (some: readonly Step[]) => some.map(({ key }) => key.name)
  const isRotating = ({ key }: Step) => key.outcome === 'rotating' && key.rotation === 'running'
  // The name of a key that was replaced is that of the new one, which is no part of this.
  const isReplaced = ({ key }: Step) => key.outcome === 'rotating' && key.rotation === 'finished'
  const others = here.filter(
    (step) => isEnded(step) && !step.activates && !isRotating(step) && !isReplaced(step),
  )
  return {
    offboarding,
    activated: names(here.filter(({ activates }) => activates)),
    returned: names(here.filter(({ transfers }) => transfers.length > 0)),
    rotating: names(here.filter(isRotating)),
    working: names(others.filter(({ key }) => key.works)),
    kept: names(others.filter(({ key }) => !key.works)),
    elsewhere: steps.filter((step) => !step.here && (isEnded(step) || step.key.ownerAfter)).length,
    roles: roles.filter(({ here }) => here).map(({ workspace, role }) => ({ workspace, role })),
    rolesStayEnded: roles.some(({ here }) => !here),
  }
}

/** `here`: the act in its workspace, where the actor is in charge enough to have ended it. */
type EndedRole = { workspaceId: string; workspace: string; role: Role; here: Act | undefined }

/**
 * The roles that ended with the departure. Only of workspaces whose roles nobody else is changing just now: the others are
 * locked in no order with this act's own.
 */
async function endedRoles(act: Act, { accountId, userId }: Offboarding): Promise<EndedRole[]> {
  if (!userId) return []
  const workspaces = await act
    .trx('workspaces')
    .where({ account_id: accountId })
    .orderBy('id')
    .forNoKeyUpdate()
    .skipLocked()
    .select('id', 'name')
  const ended = await endedRolesOf(
    act.trx,
    workspaces.map(({ id }) => id),
    userId,
  )
  const roles: EndedRole[] = []
  for (const { id, name } of workspaces) {
    const role = ended.get(id)
    if (!role) continue
    const here = await actIn(act, id)
    const isAbove = here && (here.actor.kind !== 'member' || mayOffboard(here.actor.role, role))
    roles.push({ workspaceId: id, workspace: name, role, here: isAbove ? here : undefined })
  }
  return roles
}

/** Their keys are not orphaned any more, and what roles they had they have again. */
async function giveRolesBack(act: Act, { accountId, userId }: Offboarding, roles: readonly EndedRole[]) {
  if (!userId) return
  for (const { workspaceId, role, here } of roles)
    if (here) await restoreRole(here, workspaceId, userId, role)
  await restoreMember(act, accountId, userId)
}

/** Offers the keys that are theirs again and that nobody has revealed; the offers to the person who had taken over end. */
async function offerAgain(act: Act, { id, userId }: Offboarding, steps: readonly Step[], random: Random) {
  for (const { key, here, transfers } of steps) {
    const waiting = transfers.filter(({ isUnrevealed }) => isUnrevealed)
    if (!here || waiting.length === 0) continue
    await offerKeys(
      act.trx,
      {
        ...{ workspaceId: key.workspaceId, matterId: `undo:${id}:${key.keyId}` },
        ...{ because: 'given', by: actorName(act.actor) },
        keys: waiting.map(({ keyId }) => ({ id: keyId, ownerId: userId! })),
      },
      act.now,
      random,
    )
    await refreshOffers(
      act.trx,
      waiting.map(({ keyId }) => keyId),
    )
  }
}

async function endOffboarding(
  act: Act,
  offboarding: Offboarding,
  because: 'undone' | 'returned',
  random: Random,
): Promise<void> {
  const { id, userId, email, workspaceId } = offboarding
  await act.trx('offboardings').where({ id }).update({ ended_at: act.now, ended_because: because })
  if (userId && because === 'returned') await restoreMember(act, offboarding.accountId, userId)
  // Its message says so too.
  await putProgress(act, id, 'ended', random)
  const details = { offboarding: id, user: userId, ...(email ? { email } : {}), because }
  await record(act, { event: 'offboarding.ended', workspaceId, details })
}

/** Their keys are not orphaned any more. */
async function restoreMember(act: Act, accountId: string, userId: string) {
  const workspaces = await act.trx('workspaces').where({ account_id: accountId }).pluck('id')
  await markReturned(act, workspaces, userId)
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
