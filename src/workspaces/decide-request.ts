import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { type Draft, type Grant, isOver, type KeyRequest, putDecisions, toRequest } from './requests.ts'

/** A request that this person may decide: waiting, and not their own. Locked until the transaction ends. */
export async function openForDecision(
  act: Act,
  workspaceId: string,
  id: string,
): Promise<KeyRequest | Refusal> {
  const refusal = await authorise(act, 'request.decide', { workspaceId })
  if (refusal) return refusal
  const row = await act.trx('key_requests').where({ id, workspace_id: workspaceId }).forUpdate().first()
  if (!row) return noSuchKey({ action: 'request.decide' })
  const request = toRequest(row)
  const late = cannotDecide(request, act.actor.id)
  if (late && request.state === 'waiting') {
    const others = (await inCharge(act.trx, workspaceId)).filter((user) => user !== act.actor.id)
    return { ...late, ...(others[0] ? { next: say`Ask ${{ user: others[0] }}.` } : {}) }
  }
  return late ?? request
}

/** Why this person cannot decide the request; undefined when they can. Roles are checked elsewhere. */
export function cannotDecide(request: KeyRequest, actorId: string): Refusal | undefined {
  const over = isOver(request)
  if (over) return over
  if (request.requestedBy !== actorId) return undefined
  return refuse('forbidden', 'Someone else must decide.', { logged: { action: 'request.decide' } })
}

const grantIn = ({ scopes, lifetimeDays }: Draft): Grant => ({ scopes, lifetimeDays })

/**
 * The part of a draft that an approver grants: the same or fewer scopes, for the same or a shorter time. Refuses whatever
 * was not asked for, each refusal naming its field. Pure.
 */
export function narrow(draft: Draft, wanted: Grant): Grant | Refusal {
  const { scopes, lifetimeDays } = wanted
  const added = scopes.filter((scope) => !draft.scopes.includes(scope))
  if (added.length > 0)
    return refuse('invalid', `They did not ask for ${added.join(', ')}.`, { field: 'scopes' })
  if (scopes.length === 0) return refuse('invalid', 'Leave at least one scope, or deny.', { field: 'scopes' })
  const isLonger = draft.lifetimeDays !== null && (lifetimeDays === null || lifetimeDays > draft.lifetimeDays)
  if (isLonger)
    return refuse('invalid', `They asked for ${draft.lifetimeDays} days; grant as many or fewer.`, {
      field: 'expires',
    })
  return { scopes: draft.scopes.filter((scope) => scopes.includes(scope)), lifetimeDays }
}

/** Whether less is granted than was asked for. */
const isLess = (draft: Draft, { scopes, lifetimeDays }: Grant): boolean =>
  scopes.length < draft.scopes.length || lifetimeDays !== draft.lifetimeDays

/**
 * Records the decision on a request that `openForDecision` returned in the same transaction. A denial is sent to the
 * person who asked; the caller offers them an approved key.
 */
export async function decideRequest(
  act: Act,
  request: KeyRequest,
  decision: { approved: true; keyId: string; grant: Grant } | { approved: false; reason: string },
  random: Random,
): Promise<KeyRequest | Refusal> {
  const reason = decision.approved ? null : decision.reason.trim()
  if (reason === '') return refuse('invalid', 'Say why; the requester sees it.', { field: 'reason' })
  const granted = decision.approved && isLess(request.draft, decision.grant) ? decision.grant : null
  const [row] = await act
    .trx('key_requests')
    .where({ id: request.id, state: 'waiting' })
    .update({
      granted: granted && JSON.stringify(granted),
      state: decision.approved ? 'approved' : 'denied',
      decided_by: act.actor.id,
      decided_at: act.now,
      decision_reason: reason,
      key_id: decision.approved ? decision.keyId : null,
    })
    .returning('*')
  const workspaceId = request.workspaceId
  if (decision.approved)
    await record(act, {
      event: 'request.approved',
      workspaceId,
      keyId: decision.keyId,
      details: {
        request: request.id,
        for: request.requestedBy,
        ...(granted ? { ...granted, asked: grantIn(request.draft) } : {}),
      },
    })
  else
    await record(act, {
      event: 'request.denied',
      workspaceId,
      details: { request: request.id, for: request.requestedBy, reason },
    })
  const decided = toRequest(row)
  await putDecisions(act, [decided], random)
  return decided
}
