import { type AuditEvent, record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import type { Refusal } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { isOver, type KeyRequest, putDecisions, toRequest } from './requests.ts'

/** A request that nobody decides on ends after so many days. */
export const requestDays = 14

/** When a request lapses. */
export const lapsesAt = ({ requestedAt }: Pick<KeyRequest, 'requestedAt'>): Date =>
  new Date(requestedAt.getTime() + requestDays * dayMs)

/** Takes back a request of one's own that still waits. */
export async function withdrawRequest(
  act: Act,
  workspaceId: string,
  id: string,
  random: Random,
): Promise<KeyRequest | Refusal> {
  const refusal = await authorise(act, 'request.make', { workspaceId })
  if (refusal) return refusal
  const mine = { id, workspace_id: workspaceId, requested_by: act.actor.id }
  const row = await act.trx('key_requests').where(mine).forUpdate().first()
  if (!row) return noSuchKey({ action: 'request.make' })
  const over = isOver(toRequest(row))
  if (over) return over
  const [done] = await act
    .trx('key_requests')
    .where({ id })
    .update({ state: 'withdrawn', decided_by: act.actor.id, decided_at: act.now })
    .returning('*')
  const request = toRequest(done)
  await record(act, {
    event: 'request.withdrawn',
    workspaceId,
    details: { request: id, name: request.draft.name },
  })
  await putDecisions(act, [request], random)
  return request
}

/** At most this many in one transaction; the next run takes the rest. */
export const lapseBatch = 500

/** Ends the requests that nobody decided on in time, and says so once to those who asked. Returns how many. */
export async function lapseRequests(act: Act, random: Random): Promise<number> {
  const before = new Date(act.now.getTime() - requestDays * dayMs)
  const { rows } = await act.trx.raw(
    `update key_requests set state = 'lapsed', decided_by = :by, decided_at = :now
     where id in (select id from key_requests where state = 'waiting' and requested_at <= :before
       order by requested_at, id limit :batch for update)
     returning *`,
    { by: actorName(act.actor), now: act.now, before, batch: lapseBatch },
  )
  const lapsed = (rows as Record<string, unknown>[]).map(toRequest)
  for (const { id, workspaceId, requestedBy, draft } of lapsed)
    await record(act, {
      event: 'request.lapsed',
      workspaceId,
      details: { request: id, for: requestedBy, name: draft.name },
    })
  await putDecisions(act, lapsed, random)
  return lapsed.length
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
