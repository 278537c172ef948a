import type { Database, Executor, Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { fromRow } from '../foundation/rows.ts'

/**
 * A message to deliver once: a step of a finding, or a notice with a body of its own. `subjectId` groups the messages
 * that share one parent message; `level` is how far the finding had escalated; `notBefore` is in calendar time.
 */
export type OutboxMessage = {
  workspaceId: string
  subjectId: string
  step: string
  destination: string
  level?: number
  notBefore?: Date | undefined
} & ({ findingId: string; body?: Record<string, unknown> } | { about: string; body: Record<string, unknown> })

/** A message that this process alone tries to deliver now. `doubtSince`: it may have been delivered since then. */
export type Claimed = {
  id: string
  seq: number
  workspaceId: string
  findingId: string | null
  subjectId: string
  about: string
  body: Record<string, unknown> | null
  step: string
  level: number
  destination: string
  attempts: number
  /** how often it was refused without knowing whether for good */
  refusals: number
  doubtSince: Date | null
}

/** How a message ended. `refused`: for good, and nobody read it; other messages to that destination go on. */
export type DeliveryOutcome = 'arrived' | 'moot' | 'redirected' | 'unreachable' | 'refused'

/** Real time: a claim outlives its holder by at most this much. */
const claimSeconds = 20

/** Puts messages in the transaction that decided on them, each at most once. Returns how many are new. */
export async function put(
  trx: Transaction,
  messages: readonly OutboxMessage[],
  now: Date,
  random: Random,
): Promise<number> {
  if (messages.length === 0) return 0
  const rows = messages.map((message) => ({ id: newId('out', random), ...message }))
  const { rowCount } = await trx.raw(
    `insert into outbox (id, workspace_id, finding_id, subject_id, about, body, step, level, destination, not_before, put_at)
     select id, "workspaceId", "findingId", "subjectId", coalesce(about, 'finding'), body, step, coalesce(level, 0),
       destination, "notBefore", ?
     from jsonb_to_recordset(?) as l (id text, "workspaceId" text, "findingId" text, "subjectId" text, about text,
       body jsonb, step text, level integer, destination text, "notBefore" timestamptz)
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
  const { subjectId: subject_id, step, destination } = message
  const row = await trx('outbox')
    .where({ subject_id, step, destination })
    .whereNull('completed_at')
    .forUpdate()
    .first('seq', 'body')
  if (row)
    await trx('outbox')
      .where({ seq: row.seq })
      .update({ body: JSON.stringify(amend(row.body)) })
}

/**
 * Claims the oldest message of some destination, so that each destination receives its messages in order; one that
 * waits for its time is not in the queue yet. Claims and retries run on the database's real clock, not on calendar
 * time. From the claim on it is in doubt whether the message was delivered.
 */
export async function claim(db: Database, now: Date): Promise<Claimed | undefined> {
  const { rows } = await db.raw(
    `with recursive heads as (
       (select destination, seq from outbox
        where completed_at is null and (not_before is null or not_before <= :now)
        order by destination, seq limit 1)
       union all
       select following.* from heads cross join lateral (
         select destination, seq from outbox
         where completed_at is null and (not_before is null or not_before <= :now) and destination > heads.destination
         order by destination, seq limit 1) as following
     ), chosen as (
       select seq, doubt_since from outbox o
       where seq in (select seq from heads) and completed_at is null
         and (claimed_until is null or claimed_until < clock_timestamp())
         and (retry_after is null or retry_after < clock_timestamp())
       order by seq limit 1 for update skip locked
     )
     update outbox set attempts = attempts + 1, doubt_since = coalesce(outbox.doubt_since, :now),
       claimed_until = clock_timestamp() + make_interval(secs => :seconds)
     from chosen where outbox.seq = chosen.seq
     returning outbox.id, outbox.seq, workspace_id, finding_id, subject_id, about, body, step, level, destination,
       attempts, refusals, chosen.doubt_since`,
    { now, seconds: claimSeconds },
  )
  return rows[0] && fromRow<Claimed>(rows[0])
}

/**
 * Records that the message needs no further attempt; `error` is its last error. Returns false when another process
 * has claimed it meanwhile.
 */
export async function complete(
  db: Executor,
  message: Pick<Claimed, 'id' | 'attempts'>,
  outcome: DeliveryOutcome,
  now: Date,
  error?: string,
): Promise<boolean> {
  const changed = await db('outbox')
    .where({ id: message.id, attempts: message.attempts })
    .whereNull('completed_at')
    .update({
      completed_at: now,
      outcome,
      claimed_until: null,
      doubt_since: null,
      ...(error === undefined ? {} : { last_error: error.slice(0, maxErrorLength) }),
    })
  return changed === 1
}

const maxErrorLength = 500

/**
 * Retries the message after `seconds` of real time. `arrived: 'no'` ends the doubt; `isRefusal` counts this attempt
 * among the refused ones.
 */
export async function postpone(
  db: Database,
  message: Pick<Claimed, 'id' | 'attempts'>,
  seconds: number,
  error: string,
  { arrived, isRefusal }: { arrived: 'no' | 'unknown'; isRefusal: boolean },
): Promise<void> {
  await db.raw(
    `update outbox set claimed_until = null, last_error = :error, refusals = refusals + :refused,
       doubt_since = case when :known then null else doubt_since end,
       retry_after = clock_timestamp() + make_interval(secs => :seconds)
     where id = :id and attempts = :attempts and completed_at is null`,
    {
      error: error.slice(0, maxErrorLength),
      refused: isRefusal ? 1 : 0,
      known: arrived === 'no',
      seconds,
      id: message.id,
      attempts: message.attempts,
    },
  )
}

/** Real seconds until the next retry of a failed message; undefined when none waits for one. */
export async function secondsToNextTry(db: Executor): Promise<number | undefined> {
  const { rows } = await db.raw(
    `select extract(epoch from min(retry_after) - clock_timestamp())::float8 as seconds
     from outbox where completed_at is null and retry_after is not null and claimed_until is null`,
  )
  const { seconds } = rows[0]
  return seconds === null ? undefined : Math.max(seconds, 0.05)
}

/** Messages in trouble: how many, and of the oldest since when, its destination and its error. */
export type Trouble = { messages: number; since: Date; destination: string; error: string }

/** The messages refused for good that are still kept; undefined when there are none. */
export async function refusedMessages(db: Executor): Promise<Trouble | undefined> {
  const { rows } = await db.raw(
    `select count(*) over ()::int as messages, put_at as since, destination, coalesce(last_error, '') as error
     from outbox where outcome = 'refused' order by put_at, seq limit 1`,
  )
  return rows[0]
}

/** The messages waiting at destinations whose first message failed; undefined when there are none. */
export async function delayedMessages(db: Executor, now: Date): Promise<Trouble | undefined> {
  const { rows } = await db.raw(
    `with due as (
       select seq, destination, put_at, last_error, first_value(last_error) over of_place as error
       from outbox where completed_at is null and (not_before is null or not_before <= :now)
       window of_place as (partition by destination order by seq)
     )
     select count(*) over ()::int as messages, put_at as since, destination, error
     from due where error is not null order by put_at, seq limit 1`,
    { now },
  )
  return rows[0]
}
