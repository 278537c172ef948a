import type { Executor } from '../foundation/database.ts'
import type { Act, Actor } from '../members/actor.ts'
import type { EventName } from './events.ts'

/** What happened, to what. `details` holds facts an auditor needs and never a token. */
export type AuditEvent = {
  event: EventName
  workspaceId: string
  keyId?: string
  details?: Record<string, unknown>
}

/** Appends to the workspace's chain in the caller's transaction: no record, no act. */
export const record = (act: Act, event: AuditEvent): Promise<void> =>
  append(act.trx, act.actor, act.now, event)

async function append(db: Executor, actor: Actor, now: Date, event: AuditEvent): Promise<void> {
  const body = {
    at: now.toISOString(),
    event: event.event,
    actor: { kind: actor.kind, id: actor.id, ...(actor.kind === 'member' ? { role: actor.role } : {}) },
    ...(event.keyId ? { keyId: event.keyId } : {}),
    ...(event.details ? { details: event.details } : {}),
  }
  await db.raw('select audit_append(?, ?)', [event.workspaceId, JSON.stringify(body)])
}

/** A refused attempt: who tried what on which key, and why not. */
export type RefusedAttempt = { workspaceId: string; action: string; code: string; keyId?: string }

/**
 * Counts a refused attempt by hour; only the first of its kind in an hour goes into the chain, so that spam
 * cannot hold it.
 */
export async function recordRefused(
  db: Executor,
  actor: Actor,
  now: Date,
  attempt: RefusedAttempt,
): Promise<void> {
  const hour = new Date(now)
  hour.setUTCMinutes(0, 0, 0)
  const { rows } = await db.raw(
    `insert into audit_refusals (workspace_id, actor_id, action, code, key_id, hour, attempts)
     values (?, ?, ?, ?, ?, ?, 1)
     on conflict (workspace_id, actor_id, action, code, key_id, hour)
     do update set attempts = audit_refusals.attempts + 1
     returning attempts`,
    [attempt.workspaceId, actor.id, attempt.action, attempt.code, attempt.keyId ?? '', hour],
  )
  if (Number(rows[0].attempts) > 1) return
  const { action, code, keyId, workspaceId } = attempt
  await append(db, actor, now, { event: 'attempt.refused', workspaceId, keyId, details: { action, code } })
}
