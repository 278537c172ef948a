import { type AuditEvent, record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { fromRow } from '../foundation/rows.ts'
import { say } from '../foundation/words.ts'
import { type Act, actorName } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import { type OutboxMessage, placesOf, put } from '../notifications/outbox.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Policy } from '../policy/policy.ts'

/** The requested key; checked again when it is created. */
export type Draft = {
  name: string
  description: string
  integration: string
  scopes: string[]
  lifetimeDays: number | null
  allowedNetworks: string[]
  limitPerMinute: number | null
  ownerId: string
}

export type KeyRequest = {
  id: string
  workspaceId: string
  draft: Draft
  reason: string
  requestedBy: string
  requestedAt: Date
  state: 'waiting' | 'approved' | 'denied' | 'closed'
  decidedBy: string | null
  decidedAt: Date | null
  decisionReason: string | null
  /** the leaver because of whom the request was closed */
  closedFor: string | null
  keyId: string | null
}

const toRequest = (row: Record<string, unknown>): KeyRequest => fromRow<KeyRequest>(row)

/** Submits a request to the managers, with a message to their channel. */
export async function makeRequest(
  act: Act,
  { id: workspaceId, policy }: { id: string; policy: Policy },
  draft: Draft,
  reason: string,
  random: Random,
): Promise<KeyRequest | Refusal> {
  const refusal = await authorise(act, 'request.make', { workspaceId })
  if (refusal) return refusal
  const why = readReason(reason)
  if (isRefusal(why)) return why
  const [row] = await act
    .trx('key_requests')
    .insert({
      id: newId('req', random),
      workspace_id: workspaceId,
      draft: JSON.stringify(draft),
      reason: why,
      requested_by: act.actor.id,
      requested_at: act.now,
      state: 'waiting',
    })
    .returning('*')
  const request = toRequest(row)
  const { name, scopes, lifetimeDays } = draft
  const details = { request: request.id, name, scopes, lifetimeDays, reason: why }
  await record(act, { event: 'request.made', workspaceId, details })
  const message = { ...live(request), step: 'made', destination: `channel:${policy.alertChannel}` }
  await put(act.trx, [message], act.now, random)
  return request
}

const live = ({ id, workspaceId }: KeyRequest) => ({
  workspaceId,
  source: 'request',
  subjectId: id,
  mode: 'live' as const,
})

/** Brings the messages about these requests up to date wherever they stand, and answers those who asked. */
async function putDecisions(act: Act, requests: readonly KeyRequest[], random: Random): Promise<void> {
  const byId = new Map(requests.map((request) => [request.id, request]))
  const places = await placesOf(act.trx, 'request', [...byId.keys()])
  const updates = places.map(({ subjectId, destination }): OutboxMessage => {
    const request = byId.get(subjectId)!
    return { ...live(request), step: request.state, destination }
  })
  const unanswered = requests.filter(
    ({ state, requestedBy, closedFor }) => state !== 'approved' && requestedBy !== closedFor,
  )
  const answers = unanswered.map(
    (request): OutboxMessage => ({
      ...live(request),
      source: 'request-answer',
      mode: 'once',
      step: request.state,
      destination: `dm:${request.requestedBy}`,
    }),
  )
  await put(act.trx, [...updates, ...answers], act.now, random)
}

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
  if (request.state === 'closed')
    return refuse(
      'gone',
      say`It was closed on ${{ moment: request.decidedAt! }}: ${{ user: request.closedFor! }} is leaving.`,
    )
  if (request.state !== 'waiting')
    return refuse(
      'already',
      say`${{ user: request.decidedBy! }} ${request.state} it on ${{ moment: request.decidedAt! }}.`,
    )
  if (request.requestedBy !== actorId) return undefined
  return refuse('forbidden', 'Someone else must decide.', { logged: { action: 'request.decide' } })
}

/** Checks and trims a reason: not empty, at most 300 characters. Pure. */
export function readReason(text: string): string | Refusal {
  const reason = text.trim()
  if (reason === '') return refuse('invalid', 'Say why; somebody reads it.', { field: 'reason' })
  return [...reason].length > 300
    ? refuse('invalid', 'Use at most 300 characters.', { field: 'reason' })
    : reason
}

/**
 * Records the decision on a request that `openForDecision` returned in the same transaction. A denial is sent to the
 * person who asked; the caller offers them an approved key.
 */
export async function decideRequest(
  act: Act,
  request: KeyRequest,
  decision: { approved: true; keyId: string } | { approved: false; reason: string },
  random: Random,
): Promise<KeyRequest | Refusal> {
  const reason = decision.approved ? null : decision.reason.trim()
  if (reason === '') return refuse('invalid', 'Say why; the person who asked reads it.', { field: 'reason' })
  const [row] = await act
    .trx('key_requests')
    .where({ id: request.id, state: 'waiting' })
    .update({
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
      details: { request: request.id, for: request.requestedBy },
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

/**
 * Closes the waiting requests that these leavers made in those workspaces or whose key they would own. Part of the act
 * that offboards them, which records the events that it returns.
 */
export async function closeRequestsOf(
  act: Act,
  leavers: readonly { userId: string; workspaceIds: readonly string[] }[],
  random: Random,
): Promise<AuditEvent[]> {
  const { rows } = await act.trx.raw(
    `with concerned as (
       select r.id, l."userId" from jsonb_to_recordset(?) as l ("userId" text, "workspaceIds" text[])
         join key_requests r on r.workspace_id = any (l."workspaceIds")
           and (r.requested_by = l."userId" or r.draft->>'ownerId' = l."userId")
       where r.state = 'waiting' order by r.id for no key update of r)
     update key_requests r set state = 'closed', closed_for = c."userId", decided_by = ?, decided_at = ?
     from concerned c where r.id = c.id returning r.*`,
    [JSON.stringify(leavers), actorName(act.actor), act.now],
  )
  const closed = (rows as Record<string, unknown>[]).map(toRequest)
  await putDecisions(act, closed, random)
  return closed.map(({ workspaceId, id, requestedBy, draft, closedFor }) => ({
    event: 'request.closed',
    workspaceId,
    details: { request: id, for: requestedBy, name: draft.name, leaver: closedFor },
  }))
}

/** These requests, by id. */
export async function readRequests(db: Executor, ids: readonly string[]): Promise<Map<string, KeyRequest>> {
  const rows = await db('key_requests').whereIn('id', [...ids])
  return new Map(rows.map(toRequest).map((request) => [request.id, request]))
}

/** Requests that wait for a decision, oldest first. */
export async function waitingRequests(db: Executor, workspaceId: string, limit = 5): Promise<KeyRequest[]> {
  const rows = await db('key_requests')
    .where({ workspace_id: workspaceId, state: 'waiting' })
    .orderBy('requested_at')
    .limit(limit)
  return rows.map(toRequest)
}

/** The workspace's request with that id. */
export async function findRequest(
  db: Executor,
  workspaceId: string,
  id: string,
): Promise<KeyRequest | undefined> {
  const row = await db('key_requests').where({ id, workspace_id: workspaceId }).first()
  return row && toRequest(row)
}
