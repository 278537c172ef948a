import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { fromRow } from '../foundation/rows.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, placesOf, put } from '../notifications/outbox.ts'
import { authorise } from '../policy/authorise.ts'
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
  state: 'waiting' | 'approved' | 'denied' | 'closed' | 'withdrawn' | 'lapsed'
  decidedBy: string | null
  decidedAt: Date | null
  decisionReason: string | null
  /** the leaver because of whom the request was closed */
  closedFor: string | null
  /** what the approver granted, where it is less than the draft */
  granted: Grant | null
  keyId: string | null
}

/** The parts of a draft that an approver may narrow. */
export type Grant = Pick<Draft, 'scopes' | 'lifetimeDays'>

export const toRequest = (row: Record<string, unknown>): KeyRequest => fromRow<KeyRequest>(row)

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
  const before = await sameRequest(act, workspaceId, draft)
  if (before)
    return refuse('duplicate', say`You asked for ${{ name: draft.name }} on ${{ moment: before }} already.`, {
      next: say`See ${{ code: '/keys requests' }}.`,
      field: 'name',
    })
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

/**
 * When this person asked for a key of that name, if that request still waits. Until the end of the act nobody else can
 * ask so for them.
 */
async function sameRequest({ trx, actor }: Act, workspaceId: string, { name }: Draft) {
  await trx.raw(
    `select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', ?::text, ?::text, lower(?)), 0))`,
    [workspaceId, actor.id, name],
  )
  const row = await trx('key_requests')
    .where({ workspace_id: workspaceId, requested_by: actor.id, state: 'waiting' })
    .whereRaw(`lower(draft->>'name') = lower(?)`, [name])
    .first('requested_at')
  return row?.requested_at as Date | undefined
}

const live = ({ id, workspaceId }: KeyRequest) => ({
  workspaceId,
  source: 'request',
  subjectId: id,
  mode: 'live' as const,
})

/**
 * Brings the messages about these requests up to date wherever they stand, and answers those who asked, unless they
 * know: who withdrew a request, and who is offered the key as they asked for it.
 */
export async function putDecisions(act: Act, requests: readonly KeyRequest[], random: Random): Promise<void> {
  const byId = new Map(requests.map((request) => [request.id, request]))
  const places = await placesOf(act.trx, 'request', [...byId.keys()])
  const updates = places.map(({ subjectId, destination }): OutboxMessage => {
    const request = byId.get(subjectId)!
    return { ...live(request), step: request.state, destination }
  })
  const unanswered = requests.filter(
    ({ state, requestedBy, closedFor, granted }) =>
      state !== 'withdrawn' && (state !== 'approved' || granted) && requestedBy !== closedFor,
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

/** Why a request waits for nobody any more; undefined while it waits. */
export function isOver({ state, decidedAt, decidedBy, closedFor }: KeyRequest): Refusal | undefined {
  if (state === 'waiting') return undefined
  const on = { moment: decidedAt! }
  if (state === 'closed')
    return refuse('gone', say`It was closed on ${on}: ${{ user: closedFor! }} is leaving.`)
  if (state === 'lapsed') return refuse('gone', say`It lapsed on ${on}, since nobody decided.`)
  const did = state === 'withdrawn' ? 'withdrew' : state
  return refuse('already', say`${{ user: decidedBy! }} ${did} it on ${on}.`)
}

/** Checks and trims a reason: not empty, at most 300 characters. Pure. */
export function readReason(text: string): string | Refusal {
  const reason = text.trim()
  if (reason === '') return refuse('invalid', 'Say why; somebody reads it.', { field: 'reason' })
  return [...reason].length > 300
    ? refuse('invalid', 'Use at most 300 characters.', { field: 'reason' })
    : reason
}

/** These requests, by id. */
export async function readRequests(db: Executor, ids: readonly string[]): Promise<Map<string, KeyRequest>> {
  const rows = await db('key_requests').whereIn('id', [...ids])
  return new Map(rows.map(toRequest).map((request) => [request.id, request]))
}

/** The newest requests of a person, those that wait first. */
export async function requestsOf(
  db: Executor,
  workspaceId: string,
  userId: string,
  limit: number,
): Promise<KeyRequest[]> {
  const rows = await db('key_requests')
    .where({ workspace_id: workspaceId, requested_by: userId })
    .orderByRaw(`state <> 'waiting', requested_at desc`)
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
