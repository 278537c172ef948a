import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { minuteMs } from '../foundation/time.ts'
import { type Act, type Actor, actorName } from '../members/actor.ts'
import { findMember } from '../members/member.ts'
import { authorise } from '../policy/authorise.ts'
import type { Policy } from '../policy/policy.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { type Authority, authorityOf, isOtherSystem, mayOffboard } from './authority.ts'
import { type Mode, type Offboarding, type Plan, type Source, toOffboarding } from './offboarding.ts'
import { within } from './plan.ts'
import { completeRuns } from './put-messages.ts'
import { stepIsOff, stepIsOffIn } from './request-by-workflow.ts'
import { reopenIfMore } from './request-reopen.ts'

/** A request from one of the `sources`. Those without a preview leave mode and choices out. */
export type OffboardingRequest = {
  source: Source
  userId: string
  mode?: Mode | undefined
  successorId?: string | undefined
  note?: string | undefined
  choices?: Record<string, Plan>
  /** the source's own id: a workflow's execution, a directory's user */
  reference?: string
  /** false for sources that stay quiet when the person has no key at all */
  announced?: boolean
}

/**
 * Makes sure that this person is being offboarded: one offboarding per person until they come back, one request per
 * person, run of a workflow, or other source. A second request joins; when the leaver has more keys since, or a role that the requester may end, the
 * offboarding goes on with those.
 */
export async function requestOffboarding(
  act: Act,
  workspace: Workspace,
  request: OffboardingRequest,
  random: Random,
): Promise<Offboarding | Refusal> {
  const refusal =
    (await authorise(act, 'offboarding.request', { workspaceId: workspace.id })) ?? checked(request)
  if (refusal) return refusal
  const wrong =
    (await isAbove(act.trx, act.actor, workspace, request.userId)) ??
    (request.source === 'workflow' ? await isSwitchedOff(act, workspace) : undefined) ??
    (await isUnknown(act.trx, workspace.accountId, request.successorId))
  if (wrong) return wrong
  const asked = { actor: act.actor, source: request.source }
  const authority = await authorityOf(act.trx, workspace, asked, request.userId)
  const [made] = await act
    .trx('offboardings')
    .insert(newRow(act, workspace, spareOwner(request, authority), authority, newId('off', random)))
    .onConflict(act.trx.raw('(account_id, user_id) where ended_at is null and user_id is not null'))
    .ignore()
    .returning('*')
  const row = made ?? (await lockCurrent(act, workspace.accountId, request.userId))
  const offboarding = toOffboarding(row)
  const isFirst = await recordSource(act, offboarding, request)
  if (made) await recordRequested(act, offboarding, request)
  if (!made && isFirst) {
    const details = { offboarding: offboarding.id, user: request.userId, ...sourceOf(request) }
    await record(act, { event: 'offboarding.joined', workspaceId: offboarding.workspaceId, details })
  }
  if (made) return offboarding
  const decided = request.choices ? decisionsOf(workspace, request, authority) : {}
  const joined = await reopenIfMore(act, offboarding, authority, workspace.policy, decided)
  // A run that asks for what is done already waits for nothing.
  if (joined.state === 'done') await completeRuns(act, joined, random)
  return joined
}

function checked({ userId, successorId, note = '' }: OffboardingRequest): Refusal | undefined {
  if (successorId === userId)
    return refuse('invalid', 'Whoever leaves cannot take over.', { field: 'successor' })
  if ([...note].length > 300) return refuse('invalid', 'Use at most 300 characters.', { field: 'note' })
  return undefined
}

/** A manager does not offboard an owner, and nobody themselves: the refusal, or nothing. */
export async function isAbove(
  db: Executor,
  actor: Actor,
  workspace: Workspace,
  userId: string,
): Promise<Refusal | undefined> {
  if (actor.kind !== 'member') return undefined
  const logged = { action: 'offboarding.request' }
  if (actor.id === userId) return refuse('forbidden', 'Someone else must offboard you.', { logged })
  const leaver = await findMember(db, workspace.id, userId)
  return mayOffboard(actor.role, leaver?.role ?? 'member')
    ? undefined
    : refuse('forbidden', 'Only owners offboard an owner.', { logged })
}

async function isSwitchedOff({ trx }: Act, { accountId }: Workspace): Promise<Refusal | undefined> {
  const off = await stepIsOffIn(trx, accountId)
  return off.length > 0 ? stepIsOff(off) : undefined
}

/** A successor whom no list names would own keys that nobody can reveal. Before the first list nobody can say. */
async function isUnknown(
  db: Executor,
  accountId: string,
  successorId: string | undefined,
): Promise<Refusal | undefined> {
  if (!successorId) return undefined
  const { rows } = await db.raw(
    `select exists (select from emails where account_id = :account) as listed,
       exists (select from emails where account_id = :account and user_id = :user)
         or exists (select from members m join workspaces w on w.id = m.workspace_id
           where w.account_id = :account and m.user_id = :user) as known`,
    { account: accountId, user: successorId },
  )
  return rows[0].listed && !rows[0].known
    ? refuse('invalid', 'Slack’s list of members does not name the successor.', { field: 'successor' })
    : undefined
}

/** A system that names an owner only deactivates their keys. */
const spareOwner = (request: OffboardingRequest, { keepsRoleIn }: Authority): OffboardingRequest =>
  isOtherSystem(request.source) && keepsRoleIn.length > 0
    ? { ...request, mode: 'deactivate', successorId: undefined }
    : request

/** The requested mode, else that of the policy; another system gets no more than the policy allows. */
export function modeOf(
  { source, mode, choices }: Pick<OffboardingRequest, 'source' | 'mode' | 'choices'>,
  policy: Policy,
): Mode {
  const limit = choices === undefined ? policy.offboardingUnattendedMode : policy.offboardingMode
  return isOtherSystem(source) ? within(limit, mode ?? limit) : (mode ?? limit)
}

const decisionsOf = ({ policy }: Workspace, request: OffboardingRequest, { decidesIn }: Authority) => ({
  mode: modeOf(request, policy),
  successor_id: request.successorId ?? null,
  choices: JSON.stringify(request.choices ?? {}),
  decides_in: decidesIn,
})

function newRow(
  act: Act,
  workspace: Workspace,
  request: OffboardingRequest,
  authority: Authority,
  id: string,
) {
  const { policy } = workspace
  return {
    id,
    account_id: workspace.accountId,
    workspace_id: workspace.id,
    user_id: request.userId,
    ...decisionsOf(workspace, request, authority),
    note: request.note?.trim() ?? '',
    keeps_role_in: authority.keepsRoleIn,
    state: 'requested',
    requested_by: actorName(act.actor),
    requested_at: act.now,
    begun_at: act.now,
    due_at: new Date(act.now.getTime() + policy.offboardingLimitMinutes * minuteMs),
    announced: request.announced ?? true,
  }
}

const lockCurrent = (act: Act, accountId: string, userId: string) =>
  act
    .trx('offboardings')
    .where({ account_id: accountId, user_id: userId })
    .whereNull('ended_at')
    .forUpdate()
    .first()

/**
 * Records the request, with what it asked for and this offboarding does not do; who saw a preview decided on all of it.
 * Returns false for a repeated one, as Slack repeats events.
 */
export async function recordSource(
  act: Act,
  offboarding: Pick<Offboarding, 'id' | 'mode' | 'successorId'>,
  request: Omit<OffboardingRequest, 'userId'>,
): Promise<boolean> {
  const { source, reference = act.actor.kind === 'member' ? act.actor.id : '' } = request
  const { mode, successorId, choices } = request
  const isIgnored = (asked: string | undefined, done: string | null) => !choices && asked && asked !== done
  const rows = await act
    .trx('offboarding_requests')
    .insert({
      offboarding_id: offboarding.id,
      source,
      reference,
      ignored_mode: isIgnored(mode, offboarding.mode) ? mode : null,
      ignored_successor: isIgnored(successorId, offboarding.successorId) ? successorId : null,
      requested_by: actorName(act.actor),
      requested_at: act.now,
    })
    .onConflict(['offboarding_id', 'source', 'reference'])
    .merge({ requested_at: act.now, withdrawn_at: null })
    .whereNotNull('offboarding_requests.withdrawn_at')
    .returning('offboarding_id')
  return rows.length > 0
}

/** Slack does not say who ran a workflow; the run's own history does. */
const sourceOf = ({ source, reference }: OffboardingRequest) =>
  source === 'workflow' ? { source, execution: reference } : { source }

async function recordRequested(act: Act, offboarding: Offboarding, request: OffboardingRequest) {
  const { id, userId, email, mode, successorId, note, keepsRoleIn } = offboarding
  await record(act, {
    event: 'offboarding.requested',
    workspaceId: offboarding.workspaceId,
    details: {
      offboarding: id,
      user: userId,
      ...(email ? { email } : {}),
      ...sourceOf(request),
      mode,
      successor: successorId,
      ...(keepsRoleIn.length > 0 ? { keepsRoleIn } : {}),
      ...(request.mode && request.mode !== mode ? { askedMode: request.mode } : {}),
      ...(request.successorId !== (successorId ?? undefined) ? { askedSuccessor: request.successorId } : {}),
      ...(note ? { reason: note } : {}),
    },
  })
}
