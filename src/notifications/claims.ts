import type { Database, Executor } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Claimed } from './outbox.ts'

/** A message that waits beside another one, for the same subject, place and mode. */
export type Fellow = Pick<Claimed, 'id' | 'itemId' | 'step' | 'body'>

/**
 * How a message ended. `failed`: refused for good, and nobody read it; `unreachable`: that person takes no messages;
 * `moot`: there was nothing to say any more.
 */
export type DeliveryOutcome = 'arrived' | 'moot' | 'redirected' | 'unreachable' | 'failed'

/** Real time: a claim outlives its holder by at most this much. */
const claimSeconds = 20

/**
 * Claims the oldest message of each of up to `limit` destinations. A destination receives one message at a time, and
 * those of a subject in order; one that waits for a retry or its time is passed by those of other subjects. Claims and
 * retries run on the database's real clock, not on calendar time. From the claim on it is in doubt whether the message
 * was delivered.
 */
export async function claim(db: Database, now: Date, limit: number): Promise<Claimed[]> {
  const { rows } = await db.raw(
    `with recursive places as (
       (select destination from outbox where completed_at is null order by destination limit 1)
       union all
       select following.destination from places cross join lateral (
         select destination from outbox where completed_at is null and destination > places.destination
         order by destination limit 1) as following
     ), heads as (
       select head.seq from places cross join lateral (
         select o.seq from outbox o
         where o.completed_at is null and o.destination = places.destination
           and (o.not_before is null or o.not_before <= :now)
           and (o.retry_after is null or o.retry_after < clock_timestamp())
           and not exists (
             select from outbox e
             where e.completed_at is null and e.destination = o.destination and e.subject_id = o.subject_id
               and e.seq < o.seq and (e.not_before is null or e.not_before <= :now))
         order by o.seq limit 1) as head
       where not exists (
           select from outbox c where c.completed_at is null and c.destination = places.destination
             and c.claimed_until > clock_timestamp())
         and not exists (
           select from outbox_pauses p where p.destination = places.destination and p.until > clock_timestamp())
     ), chosen as (
       select seq, doubt_since from outbox o
       where seq in (select seq from heads order by seq limit :limit) and completed_at is null
         and (claimed_until is null or claimed_until < clock_timestamp())
         and (retry_after is null or retry_after < clock_timestamp())
       order by seq for update skip locked
     )
     update outbox set attempts = attempts + 1, doubt_since = coalesce(outbox.doubt_since, :now),
       claimed_until = clock_timestamp() + make_interval(secs => :seconds)
     from chosen where outbox.seq = chosen.seq
     returning outbox.id, outbox.seq, workspace_id, source, subject_id, item_id, body, step, mode, level, destination,
       attempts, refusals, chosen.doubt_since`,
    { now, limit, seconds: claimSeconds },
  )
  return rows.map((row: Record<string, unknown>) => fromRow<Claimed>(row))
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
 * The messages that wait beside each of these and may be sent by now, oldest first, by its id. An attempt in doubt may
 * have said what it covered then, and nothing that was put since.
 */
export async function fellowsOf(
  db: Executor,
  messages: readonly Claimed[],
  now: Date,
): Promise<Map<string, Fellow[]>> {
  const { rows } = await db.raw(
    `select c.id as of, o.id, o.item_id as "itemId", o.step, o.body
     from jsonb_to_recordset(:messages) as c (id text, source text, "subjectId" text, destination text, mode text,
         "doubtSince" timestamptz)
       join outbox o on o.subject_id = c."subjectId" and o.destination = c.destination
         and o.source = c.source and o.mode = c.mode and o.id <> c.id
     where o.completed_at is null and (o.not_before is null or o.not_before <= :now)
       and (c."doubtSince" is null or o.covered_by = c.id)
     order by o.seq`,
    { messages: JSON.stringify(messages), now },
  )
  const fellows = new Map<string, Fellow[]>()
  for (const { of, ...row } of rows) fellows.set(of, [...(fellows.get(of) ?? []), row])
  return fellows
}

/** Marks the fellows that the message says too, before it is sent; it covers no others. */
export async function cover(db: Executor, message: Claimed, ids: readonly string[]): Promise<void> {
  await besides(db, message)
    .where((one) => one.whereIn('id', [...ids]).orWhere({ covered_by: message.id }))
    .update({ covered_by: db.raw('case when id = any(?) then ? end', [[...ids], message.id]) })
}

/** Records that the message has said what its fellows say. */
export const completeCovered = async (db: Executor, message: Claimed, now: Date): Promise<void> =>
  void (await besides(db, message)
    .where({ covered_by: message.id })
    .update({ completed_at: now, outcome: 'arrived', claimed_until: null, doubt_since: null }))

const besides = (db: Executor, { subjectId, destination }: Claimed) =>
  db('outbox').where({ subject_id: subjectId, destination }).whereNull('completed_at')

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

/** Sends nothing more to the destination for `seconds` of real time. */
export async function pauseDestination(db: Database, destination: string, seconds: number): Promise<void> {
  await db.raw(
    `insert into outbox_pauses (destination, until)
     values (:destination, clock_timestamp() + make_interval(secs => :seconds))
     on conflict (destination) do update set until = greatest(outbox_pauses.until, excluded.until)`,
    { destination, seconds },
  )
}

/** Real seconds until the next retry of a failed message; undefined when none waits for one. */
export async function secondsToNextTry(db: Executor): Promise<number | undefined> {
  const { rows } = await db.raw(
    `select extract(epoch from min(greatest(o.retry_after, p.until)) - clock_timestamp())::float8 as seconds
     from outbox o left join outbox_pauses p on p.destination = o.destination and p.until > clock_timestamp()
     where o.completed_at is null and o.claimed_until is null
       and (o.retry_after is not null or p.until is not null)`,
  )
  const { seconds } = rows[0]
  return seconds === null ? undefined : Math.max(seconds, 0.05)
}

/** Whether a later message will update the same live message anyway: fifty findings need one edit. */
export async function hasMoreComing(db: Executor, message: Claimed): Promise<boolean> {
  const { destination, subjectId, source } = message
  const row = await db('outbox')
    .where({ destination, subject_id: subjectId, source })
    .whereNot({ mode: 'once' })
    .whereNull('completed_at')
    .whereNull('not_before')
    .where('seq', '>', message.seq)
    .first('seq')
  return row !== undefined
}

/**
 * Whether the same destination received a higher level of this matter while this message waited: a later one, as what
 * was put after it knows that the matter has eased.
 */
export async function wasOvertaken(db: Executor, message: Claimed): Promise<boolean> {
  const row = await db('outbox')
    .where({
      source: message.source,
      item_id: message.itemId,
      destination: message.destination,
      outcome: 'arrived',
    })
    .where('level', '>', message.level)
    .where('seq', '>', message.seq)
    .first('seq')
  return row !== undefined
}
