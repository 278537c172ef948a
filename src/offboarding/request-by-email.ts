import { record } from '../audit/record.ts'
import { normaliseEmail, userOfEmail } from '../directory/emails.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import type { Refusal } from '../foundation/refusal.ts'
import { minuteMs } from '../foundation/time.ts'
import { type Act, actorName } from '../members/actor.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { authorityOf, isOtherSystem } from './authority.ts'
import { currentOffboarding, type Mode, type Offboarding, type Source, toOffboarding } from './offboarding.ts'
import { modeOf, type OffboardingRequest, recordSource, requestOffboarding } from './request.ts'

/** The same request for a person who is named by address. */
export type RequestByEmail = Omit<OffboardingRequest, 'userId'> & {
  emails: readonly string[]
  /** which of them names the request while nobody is known; the first unless said. It waits for all */
  waitsFor?: string | undefined
  /** who had an address of theirs that is another now; asked only when nobody is known by these */
  knownAs?: string | null
}

/**
 * Offboards the person who has the first of these addresses that anybody has. While nobody is known by them the request
 * waits, and goes on as soon as Slack's member list names somebody.
 */
export async function requestByEmail(
  act: Act,
  workspace: Workspace,
  { emails, waitsFor = emails[0]!, knownAs, ...request }: RequestByEmail,
  random: Random,
): Promise<Offboarding | Refusal> {
  const userId = (await userOfEmail(act.trx, workspace.accountId, emails)) ?? knownAs
  if (userId) return requestOffboarding(act, workspace, { ...request, userId }, random)
  const email = normaliseEmail(waitsFor)
  const where = { account_id: workspace.accountId, email }
  const asked = { actor: act.actor, source: request.source }
  const { decidesIn } = await authorityOf(act.trx, workspace, asked, undefined)
  const [made] = await act
    .trx('offboardings')
    .insert({
      ...where,
      id: newId('off', random),
      workspace_id: workspace.id,
      also_by: emails.map(normaliseEmail).filter((one) => one !== email),
      mode: modeOf(request, workspace.policy),
      successor_id: request.successorId ?? null,
      note: request.note?.trim().slice(0, 300) ?? '',
      decides_in: decidesIn,
      state: 'unmatched',
      requested_by: actorName(act.actor),
      requested_at: act.now,
      begun_at: act.now,
      due_at: new Date(act.now.getTime() + workspace.policy.offboardingLimitMinutes * minuteMs),
      announced: false,
    })
    .onConflict(act.trx.raw('(account_id, email) where ended_at is null and user_id is null'))
    .ignore()
    .returning('*')
  const row =
    made ?? (await act.trx('offboardings').where(where).whereNull('ended_at').whereNull('user_id').first())
  await recordSource(act, toOffboarding(row), request)
  if (made) {
    const details = { offboarding: row.id, email, source: request.source, mode: row.mode }
    await record(act, { event: 'offboarding.requested', workspaceId: workspace.id, details })
  }
  return toOffboarding(row)
}

/** Lets requests that waited for a name go on, now that more addresses are known. Returns how many did. */
export async function matchWaiting(act: Act, workspace: Workspace, random: Random): Promise<number> {
  const rows = await act
    .trx('offboardings')
    .joinRaw(
      `join emails on emails.account_id = offboardings.account_id
         and emails.email = any(array_prepend(offboardings.email, offboardings.also_by))`,
    )
    .distinctOn('offboardings.id')
    .orderByRaw('offboardings.id, emails.email = offboardings.email desc, emails.email')
    .where({ 'offboardings.account_id': workspace.accountId, state: 'unmatched' })
    .whereNull('ended_at')
    .select('offboardings.*', 'emails.user_id as known')
  for (const row of rows) await continueRequest(act, workspace, row, random)
  return rows.length
}

/** The request keeps its id, by which its source asks for progress; it joins an offboarding that is already under way. */
async function continueRequest(
  act: Act,
  workspace: Workspace,
  row: Record<string, never>,
  random: Random,
): Promise<void> {
  const { id, known: userId, mode, note } = row as unknown as Waiting
  const due = new Date(act.now.getTime() + workspace.policy.offboardingLimitMinutes * minuteMs)
  const running = await currentOffboarding(act.trx, workspace.accountId, userId)
  if (!running) {
    await act
      .trx('offboardings')
      .where({ id, state: 'unmatched' })
      .update({
        ...{ user_id: userId, state: 'requested', begun_at: act.now, due_at: due, announced: true },
        ...(await spareKnown(act, workspace, toOffboarding(row))),
      })
    return
  }
  await act.trx('offboardings').where({ id }).update({ ended_at: act.now, ended_because: 'merged' })
  for (const { source, reference } of await act.trx('offboarding_requests').where({ offboarding_id: id }))
    await requestOffboarding(act, workspace, { source, reference, userId, mode, note }, random)
}

/** As if the person had been known at the request: where only other systems asked, an owner keeps their role. */
async function spareKnown(
  act: Act,
  workspace: Workspace,
  { id, mode, successorId, ...row }: Offboarding & { known?: string },
): Promise<Record<string, unknown>> {
  const requests = act.trx('offboarding_requests').where({ offboarding_id: id })
  const sources: Source[] = await requests.clone().pluck('source')
  if (!sources.every(isOtherSystem)) return {}
  const asked = { actor: act.actor, source: sources[0]! }
  const { keepsRoleIn } = await authorityOf(act.trx, workspace, asked, row.known)
  if (keepsRoleIn.length === 0) return {}
  await requests.update({
    ignored_mode: act.trx.raw('coalesce(ignored_mode, nullif(?::text, ?))', [mode, 'deactivate']),
    ignored_successor: successorId,
  })
  return { keeps_role_in: keepsRoleIn, mode: 'deactivate', successor_id: null }
}

/** The offboarding that a request by address has become part of, where its person was leaving already; else itself. */
export async function mergedInto(db: Executor, offboarding: Offboarding): Promise<Offboarding> {
  const { accountId, email, endedBecause } = offboarding
  if (endedBecause !== 'merged' || !email) return offboarding
  const userId = await userOfEmail(db, accountId, [email])
  return (userId && (await currentOffboarding(db, accountId, userId))) || offboarding
}

type Waiting = { id: string; known: string; mode: Mode; note: string }
