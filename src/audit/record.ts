import type { Executor } from '../foundation/database.ts'
import { storable } from '../foundation/storable.ts'
import type { Act, Actor } from '../members/actor.ts'
import type { EventName } from './events.ts'

/** An event and its subject. `details` holds facts an auditor needs and never a token. */
export type AuditEvent = {
  event: EventName
  workspaceId: string
  keyId?: string
  details?: Record<string, unknown>
}

/** The actor of an event, as the chain keeps it. */
export type RecordedActor = { kind: Actor['kind']; id: string; role?: string }

/** Appends to the workspace's chain in the caller's transaction: no record, no act. */
export const record = (act: Act, event: AuditEvent): Promise<void> =>
  append(act.trx, actorOf(act.actor), act.now, [event])

/**
 * The same for many events of one act, in their order and in one round trip. Chains are locked in the order of their
 * workspaces' ids: an act that writes to several records all of it here.
 */
export const recordAll = (act: Act, events: readonly AuditEvent[]): Promise<void> =>
  append(act.trx, actorOf(act.actor), act.now, events)

export const actorOf = (actor: Actor): RecordedActor => ({
  kind: actor.kind,
  id: actor.id,
  ...(actor.kind === 'member' ? { role: actor.role } : {}),
})

/** For this room alone: everyone else records what an act did, as the actor of that act. */
export async function append(
  db: Executor,
  actor: RecordedActor,
  now: Date,
  events: readonly AuditEvent[],
): Promise<void> {
  const bodies = events.map(({ event, keyId, details }) =>
    JSON.stringify(
      {
        at: now.toISOString(),
        event,
        actor,
        ...(keyId ? { keyId } : {}),
        ...(details ? { details } : {}),
      },
      // An act must not fail for a character that somebody typed.
      (_key, value) => (typeof value === 'string' ? storable(value) : value),
    ),
  )
  await db.raw(
    `select audit_append(workspace, body)
     from unnest(?::text[], ?::text[]) with ordinality as e(workspace, body, n) order by workspace, n`,
    [events.map((event) => event.workspaceId), bodies],
  )
}
