import { type Database, type Executor, transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { plain } from '../foundation/words.ts'
import type { Actor } from '../members/actor.ts'
import { actorOf, append } from './record.ts'

/** A refused attempt: who tried what on which key, and why not. */
export type RefusedAttempt = { workspaceId: string; action: string; code: string; keyId?: string }

/**
 * Counts a refused attempt by hour; only the first of its kind in an hour goes into the chain, so that spam
 * cannot hold it. The others are summed up there when the hour is over.
 */
export async function recordRefused(
  db: Executor,
  actor: Actor,
  now: Date,
  attempt: RefusedAttempt,
): Promise<void> {
  const { rows } = await db.raw('select count_refusal(?, ?, ?, ?, ?, ?) as attempts', [
    attempt.workspaceId,
    actor.id,
    attempt.action,
    attempt.code,
    attempt.keyId ?? '',
    hourOf(now),
  ])
  if (Number(rows[0].attempts) > 1) return
  const { action, code, keyId, workspaceId } = attempt
  const event = { event: 'attempt.refused', workspaceId, keyId, details: { action, code } } as const
  await append(db, actorOf(actor), now, [event])
}

function hourOf(at: Date): Date {
  const hour = new Date(at)
  hour.setUTCMinutes(0, 0, 0)
  return hour
}

const batch = 500
/** A count that was summed up is kept this long, to look behind the sum. */
const keptMs = 30 * dayMs

/**
 * Puts "and 41 more times" into the chain for every hour that is over, once each, and forgets old counts.
 * Returns how many sums were recorded.
 */
export async function sumUpRefusals(db: Database, now: Date): Promise<number> {
  let summed = 0
  for (let last = batch; last === batch; summed += last) last = await sumUpSome(db, now)
  await db.raw('select forget_refusals(?)', [new Date(now.getTime() - keptMs)])
  return summed
}

async function sumUpSome(db: Database, now: Date): Promise<number> {
  const done = await transact(db, async (trx) => {
    const { rows } = await trx.raw('select sum_up_refusals(?, ?, ?) as summed', [now, hourOf(now), batch])
    return rows[0].summed as number
  })
  if (isRefusal(done)) throw new Error(`refusals are not summed up: ${plain(done.message)}`)
  return done
}
