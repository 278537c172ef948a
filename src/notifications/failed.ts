import type { Executor } from '../foundation/database.ts'

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

/** The messages that wait for another try, and those that wait behind them; undefined when there are none. */
export async function delayedMessages(db: Executor, now: Date): Promise<Trouble | undefined> {
  const { rows } = await db.raw(
    `with due as (
       select seq, destination, put_at, last_error, first_value(last_error) over of_place as error
       from outbox where completed_at is null and (not_before is null or not_before <= :now)
       window of_place as (partition by destination, subject_id order by seq)
     )
     select count(*) over ()::int as messages, put_at as since, destination, error
     from due where error is not null order by put_at, seq limit 1`,
    { now },
  )
  return rows[0]
}

/**
 * Sends failed messages again: these, or all that failed. Returns how many there are.
 */
export async function sendAgain(db: Executor, ids?: readonly string[]): Promise<number> {
  const failed = db('outbox').where({ outcome: 'failed' })
  if (ids) failed.whereIn('id', [...ids])
  return failed.update({
    outcome: null,
    completed_at: null,
    refusals: 0,
    retry_after: null,
    last_error: null,
  })
}
