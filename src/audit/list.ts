import type { Executor } from '../foundation/database.ts'
import { actorName } from '../members/actor.ts'
import type { EventName } from './events.ts'

/** An event as it was recorded, with what helps a person to read it. */
export type RecordedEvent = {
  workspaceId: string
  seq: number
  at: Date
  event: EventName
  actor: { kind: 'member' | 'job' | 'operator'; id: string; role?: string }
  keyId?: string
  /** what the key is called today */
  keyName?: string
  details: Record<string, unknown>
  /** for a refused attempt of the running hour: how often it was repeated since */
  repeated?: number
}

/** Whose chain, and which events of it: about one key, or by one actor. `before` is a sequence number. */
export type EventFilter = {
  workspaceId: string
  keyId?: string
  actorId?: string
  limit: number
  before?: number
}

/**
 * A page of events, newest first. The next page begins `before` the last one's `seq`. Reads no more than the page:
 * each filter has an index that ends with the sequence number.
 */
export async function listEvents(db: Executor, filter: EventFilter): Promise<RecordedEvent[]> {
  const { rows } = await db.raw(
    // Names are data of another room; joining them here saves each caller a second query.
    `select e.seq, e.at, e.body, keys.name, refusals.attempts - 1 as repeated
     from (
       select workspace_id, seq, at, event, actor_id, key_id, body from audit_events
       where workspace_id = :workspaceId
         ${filter.keyId === undefined ? '' : 'and key_id = :keyId'}
         ${filter.actorId === undefined ? '' : 'and actor_id = :actorId'}
         ${filter.before === undefined ? '' : 'and seq < :before'}
       order by seq desc limit :limit
     ) e
     left join keys on keys.id = e.key_id
     left join audit_refusals refusals on e.event = 'attempt.refused'
       and refusals.workspace_id = e.workspace_id and refusals.actor_id = e.actor_id
       and refusals.action = e.body::jsonb #>> '{details,action}'
       and refusals.code = e.body::jsonb #>> '{details,code}'
       and refusals.key_id = coalesce(e.key_id, '')
       and refusals.hour = date_trunc('hour', e.at, 'UTC')
       and refusals.summed_up_at is null and refusals.attempts > 1
     order by e.seq desc`,
    { ...filter },
  )
  return rows.map((row: Row) => toEvent(filter.workspaceId, row))
}

/** Of each of these keys, who changed that field of it last, and when, as it was recorded. */
export async function lastEdits(
  db: Executor,
  keys: readonly { workspaceId: string; keyId: string }[],
  field: string,
): Promise<Map<string, { by: string; at: Date }>> {
  const { rows } = await db.raw(
    `select distinct on (key_id) key_id, at, body from audit_events
     where (workspace_id, key_id) in (select * from unnest(:workspaceIds::text[], :keyIds::text[]))
       and event = 'key.edited' and body::jsonb #> array['details', 'changes', :field] is not null
     order by key_id, seq desc`,
    {
      workspaceIds: keys.map(({ workspaceId }) => workspaceId),
      keyIds: keys.map(({ keyId }) => keyId),
      field,
    },
  )
  return new Map(
    (rows as { key_id: string; at: Date; body: string }[]).map(({ key_id, at, body }) => [
      key_id,
      { by: actorName(JSON.parse(body).actor), at },
    ]),
  )
}

type Row = { seq: number; at: Date; body: string; name: string | null; repeated: number | null }

function toEvent(workspaceId: string, row: Row): RecordedEvent {
  const { event, actor, keyId, details = {} } = JSON.parse(row.body)
  return {
    workspaceId,
    seq: row.seq,
    at: row.at,
    event,
    actor,
    details,
    ...(keyId ? { keyId } : {}),
    ...(row.name ? { keyName: row.name } : {}),
    ...(row.repeated ? { repeated: row.repeated } : {}),
  }
}

/** Of each of these keys, the last of its events with one of these names, from a moment on until before another. */
export async function lastEventsOf(
  db: Executor,
  workspaceId: string,
  keyIds: readonly string[],
  { names, from, to }: { names: readonly EventName[]; from?: Date; to?: Date },
): Promise<Map<string, RecordedEvent>> {
  const { rows } = await db.raw(
    `select distinct on (key_id) key_id, seq, at, body, null as name, null as repeated from audit_events
     where workspace_id = :workspaceId and key_id = any(:keyIds) and event = any(:names)
       and (cast(:from as timestamptz) is null or at >= :from) and (cast(:to as timestamptz) is null or at < :to)
     order by key_id, seq desc`,
    { workspaceId, keyIds: [...keyIds], names: [...names], from: from ?? null, to: to ?? null },
  )
  return new Map(rows.map((row: Row & { key_id: string }) => [row.key_id, toEvent(workspaceId, row)]))
}
