import type { Executor, Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'

/**
 * How a message is shown. `live`: one per subject and destination, kept up to date; `thread`: a reply below it; `once`:
 * a message of its own.
 */
type Mode = 'live' | 'thread' | 'once'

/**
 * A message to deliver once. `source` knows what it says; `subjectId` is the matter whose live message it belongs to,
 * `itemId` the part of it that it is about, if not the whole; `level` is how urgent: one that was overtaken by a higher
 * level is not sent. `notBefore` is in calendar time. `destination` is `channel:NAME`, `dm:USER` or `workflow:EXECUTION`.
 */
export type OutboxMessage = {
  workspaceId: string
  source: string
  subjectId: string
  itemId?: string
  step: string
  destination: string
  mode: Mode
  level?: number
  notBefore?: Date | undefined
  body?: Record<string, unknown>
}

/** A message that this process alone tries to deliver now. `doubtSince`: it may have been delivered since then. */
export type Claimed = {
  id: string
  seq: number
  workspaceId: string
  source: string
  subjectId: string
  itemId: string
  body: Record<string, unknown>
  step: string
  mode: Mode
  level: number
  destination: string
  attempts: number
  /** how often it was refused without knowing whether for good */
  refusals: number
  doubtSince: Date | null
}

/** The same message for another destination. */
export const copyOf = (
  { workspaceId, source, subjectId, itemId, step, mode, level, body }: Claimed,
  destination: string,
): OutboxMessage => ({ workspaceId, source, subjectId, itemId, step, mode, level, body, destination })

/**
 * Puts messages in the transaction that decided on them, each at most once; none directly to a person who has left.
 * Returns how many are new.
 */
export async function put(
  trx: Transaction,
  messages: readonly OutboxMessage[],
  now: Date,
  random: Random,
): Promise<number> {
  if (messages.length === 0) return 0
  const rows = messages.map((message) => ({
    id: newId('out', random),
    itemId: message.subjectId,
    ...message,
  }))
  const { rowCount } = await trx.raw(
    `insert into outbox (id, workspace_id, source, subject_id, item_id, body, step, mode, level, destination, not_before,
       put_at)
     select id, "workspaceId", source, "subjectId", "itemId", coalesce(body, '{}'), step, mode, coalesce(level, 0),
       destination, "notBefore", ?
     from jsonb_to_recordset(?) as l (id text, "workspaceId" text, source text, "subjectId" text, "itemId" text,
       body jsonb, step text, mode text, level integer, destination text, "notBefore" timestamptz)
     where not exists (select from departures d
       where d.workspace_id = "workspaceId" and d.user_id = substr(destination, 4) and destination like 'dm:%')
     on conflict do nothing`,
    [now, JSON.stringify(rows)],
  )
  return rowCount
}

/** Puts a message that waits for its time, or amends the body of the one that waits already. */
export async function putOrAmend<Body extends Record<string, unknown>>(
  trx: Transaction,
  message: OutboxMessage & { body: Body },
  amend: (body: Body) => Body,
  now: Date,
  random: Random,
): Promise<void> {
  if ((await put(trx, [message], now, random)) > 0) return
  const { source, subjectId, itemId = subjectId, step, destination } = message
  const row = await trx('outbox')
    .where({ source, item_id: itemId, step, destination })
    .whereNull('completed_at')
    .forUpdate()
    .first('seq', 'body')
  if (row)
    await trx('outbox')
      .where({ seq: row.seq })
      .update({ body: JSON.stringify(amend(row.body)) })
}

/** Where the messages about this matter went: each destination with the subject that the last one there belonged to. */
export async function placesOf(
  db: Executor,
  source: string,
  itemIds: readonly string[],
): Promise<{ itemId: string; subjectId: string; destination: string }[]> {
  const { rows } = await db.raw(
    `select distinct on (item_id, destination) item_id as "itemId", subject_id as "subjectId", destination
     from outbox where source = ? and item_id = any(?) order by item_id, destination, seq desc`,
    [source, [...itemIds]],
  )
  return rows
}
