import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Act } from '../members/actor.ts'
import { authorise } from '../policy/authorise.ts'

/** Messages in trouble: how many, and of the oldest since when, its destination and its error. */
export type Trouble = { messages: number; since: Date; destination: string; error: string }

/** The messages that were refused for good and are still kept; undefined when there are none. */
export async function failedMessages(db: Executor): Promise<Trouble | undefined> {
  const { rows } = await db.raw(
    `select count(*) over ()::int as messages, put_at as since, destination, coalesce(last_error, '') as error
     from outbox where outcome = 'failed' order by put_at, seq limit 1`,
  )
  return rows[0]
}

/** How many nobody read, in words. */
export const refusedForGood = ({ messages }: Trouble): string =>
  messages === 1
    ? '1 message was refused for good and nobody read it'
    : `${messages} messages were refused for good and nobody read them`

/** A sentence about them, if there are any. */
export const failedSentences = (trouble: Trouble | undefined): string[] =>
  trouble ? [`${refusedForGood(trouble)}; Slack said: ${trouble.error}; see keywarden messages failed`] : []

/** The messages that wait for another try, and those that wait behind them; undefined when there are none. */
export async function delayedMessages(db: Executor, now: Date): Promise<Trouble | undefined> {
  const { rows } = await db.raw(
    `with due as (
       select seq, destination, put_at, last_error, first_value(last_error) over of_subject as error
       from outbox where completed_at is null and (not_before is null or not_before <= :now)
       window of_subject as (partition by destination, subject_id order by seq)
     )
     select count(*) over ()::int as messages, put_at as since, destination, error
     from due where error is not null order by put_at, seq limit 1`,
    { now },
  )
  return rows[0]
}

/** How many messages wait, and since when the oldest is due; how many failed. For metrics. */
export type Backlog = { waiting: number; oldestDueAt: Date | null; failed: number }

/** Reads how many messages wait and failed, by calendar time. */
export async function readBacklog(db: Executor, now: Date): Promise<Backlog> {
  const { rows } = await db.raw(
    `select (select count(*)::int from outbox where outcome = 'failed') as failed, waiting, oldest_due_at
     from (select count(*)::int as waiting, min(greatest(put_at, not_before)) as oldest_due_at
           from outbox where completed_at is null and (not_before is null or not_before <= :now)) as due`,
    { now },
  )
  return fromRow<Backlog>(rows[0])
}

/** A message that nobody read, with Slack's error. */
export type FailedMessage = {
  id: string
  source: string
  subjectId: string
  destination: string
  putAt: Date
  error: string
}

/** Failed messages of a workspace, or of all, newest first, at most `limit`. */
export async function listFailed(
  db: Executor,
  { workspaceId, limit }: { workspaceId?: string; limit: number },
): Promise<FailedMessage[]> {
  const query = db('outbox').where({ outcome: 'failed' })
  if (workspaceId) query.where({ workspace_id: workspaceId })
  const rows = await query
    .orderBy('put_at', 'desc')
    .orderBy('seq', 'desc')
    .limit(limit)
    .select('id', 'source', 'subject_id', 'destination', 'put_at', 'last_error as error')
  return rows.map((row: Record<string, unknown>) => fromRow<FailedMessage>(row))
}

/**
 * Sends the failed messages of a workspace again; only those with these ids, if given. Returns how many there are. Each
 * says what is true when it is sent, but a notice says what it said; none is sent that has nothing to say any more.
 */
export async function sendAgain(
  act: Act,
  workspaceId: string,
  ids?: readonly string[],
): Promise<number | Refusal> {
  const refusal = await authorise(act, 'message.send-again', { workspaceId })
  if (refusal) return refusal
  const failed = act.trx('outbox').where({ workspace_id: workspaceId, outcome: 'failed' })
  if (ids) failed.whereIn('id', [...ids])
  const messages = await failed.update({
    outcome: null,
    completed_at: null,
    refusals: 0,
    retry_after: null,
  })
  if (messages === 0)
    return refuse('not_found', 'No message failed here.', {
      next: 'Those that wait are tried by themselves.',
    })
  await record(act, { event: 'message.sent-again', workspaceId, details: { messages } })
  return messages
}
