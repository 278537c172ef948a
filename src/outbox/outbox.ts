import type { Database, Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'

/** One thing that must reach the outside: a step of a finding, to one destination, once. */
export type Letter = { workspaceId: string; findingId: string; step: string; destination: string }
export type Claimed = Letter & { id: string; attempts: number }

/** Real time: a claim outlives its holder by at most this much. */
const claimSeconds = 30

/** Writes letters in the transaction that decided them. One that was put before is not put again. */
export async function put(trx: Transaction, letters: Letter[], now: Date, random: Random): Promise<void> {
  if (letters.length === 0) return
  const rows = letters.map((letter) => ({ id: newId('out', random), ...letter }))
  await trx.raw(
    `insert into outbox (id, workspace_id, finding_id, step, destination, put_at)
     select id, "workspaceId", "findingId", step, destination, ?
     from jsonb_to_recordset(?) as l (id text, "workspaceId" text, "findingId" text, step text, destination text)
     on conflict (finding_id, step, destination) do nothing`,
    [now, JSON.stringify(rows)],
  )
}

/**
 * Takes the oldest letter of some destination in which nothing older waits, so that each destination hears things
 * in order. Claims and retries are on the database's real clock: they are about machines, not about the calendar.
 */
export async function claim(db: Database): Promise<Claimed | undefined> {
  const { rows } = await db.raw(
    `update outbox set attempts = attempts + 1,
       claimed_until = clock_timestamp() + make_interval(secs => ?)
     where seq = (
       select seq from outbox o
       where settled_at is null
         and (claimed_until is null or claimed_until < clock_timestamp())
         and (retry_after is null or retry_after < clock_timestamp())
         and not exists (select from outbox older
           where older.destination = o.destination and older.settled_at is null and older.seq < o.seq)
       order by seq limit 1 for update skip locked)
     returning id, workspace_id, finding_id, step, destination, attempts`,
    [claimSeconds],
  )
  const row = rows[0]
  return (
    row && {
      id: row.id,
      workspaceId: row.workspace_id,
      findingId: row.finding_id,
      step: row.step,
      destination: row.destination,
      attempts: row.attempts,
    }
  )
}

/** The letter arrived. */
export async function settle(db: Database, id: string, now: Date): Promise<void> {
  await db('outbox').where({ id }).update({ settled_at: now, claimed_until: null, last_error: null })
}

/** The letter did not arrive; it is tried again after `seconds`. */
export async function postpone(db: Database, id: string, seconds: number, error: string): Promise<void> {
  await db.raw(
    `update outbox set claimed_until = null, last_error = ?,
       retry_after = clock_timestamp() + make_interval(secs => ?) where id = ?`,
    [error, seconds, id],
  )
}
