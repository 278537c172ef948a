import type { Executor } from '../foundation/database.ts'

/** A running verifier flushes at least every ten seconds, even with nothing to flush. */
const missingAfter = '60 seconds'
const givenUpAfter = '1 hour'

/**
 * Until when every verifier that may have counted has flushed everything, on the verifiers' calendar. Undefined when
 * that cannot be known: no verifier ever ran, or one fell silent without having closed its counts, and may hold
 * some. After an hour nobody waits for it any more: its lease was over long ago, so it can have counted nothing since.
 */
export async function readFlushedThrough(db: Executor): Promise<Date | undefined> {
  const { rows } = await db.raw(statement)
  const { through, is_missing } = rows[0]
  return is_missing ? undefined : (through ?? undefined)
}

/**
 * Until when every request is counted: no later than `now`, and `now` where no verifier is left that could count. Undefined
 * while one may hold counts of before, for at most an hour.
 */
export async function countedUntil(db: Executor, now: Date): Promise<Date | undefined> {
  if (!(await db('usage_counters').where({ is_closed: false }).first('counter'))) return now
  const through = await readFlushedThrough(db)
  return through && through > now ? now : through
}

const statement = `
  with newest as (select max(through) as through from usage_counters),
  speaking as (
    select c.through, c.through < newest.through - interval '${missingAfter}' as is_missing
    from usage_counters c, newest
    where not c.is_closed and c.through >= newest.through - interval '${givenUpAfter}'
  )
  select coalesce((select min(through) from speaking), (select through from newest)) as through,
    coalesce((select bool_or(is_missing) from speaking), false) as is_missing`
