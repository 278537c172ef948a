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
  const { rows } = await db.raw(
    `insert into audit_refusals (workspace_id, actor_id, action, code, key_id, hour, attempts)
     values (?, ?, ?, ?, ?, ?, 1)
     on conflict (workspace_id, actor_id, action, code, key_id, hour)
     do update set attempts = audit_refusals.attempts + 1
     returning attempts`,
    [attempt.workspaceId, actor.id, attempt.action, attempt.code, attempt.keyId ?? '', hourOf(now)],
  )
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
  await db('audit_refusals')
    .where('hour', '<', new Date(now.getTime() - keptMs))
    .where((query) => query.where('attempts', 1).orWhereNotNull('summed_up_at'))
    .delete()
  return summed
}

async function sumUpSome(db: Database, now: Date): Promise<number> {
  const done = await transact(db, async (trx) => {
    const { rows } = await trx.raw(
      `update audit_refusals set summed_up_at = :now
       where (workspace_id, actor_id, action, code, key_id, hour) in (
         select workspace_id, actor_id, action, code, key_id, hour from audit_refusals
         where hour < :hour and summed_up_at is null and attempts > 1
         order by workspace_id, hour limit :batch for update skip locked)
       returning workspace_id, actor_id, action, code, key_id, hour, attempts`,
      { now, hour: hourOf(now), batch },
    )
    for (const row of rows) await append(trx, { kind: 'member', id: row.actor_id }, now, [sumOf(row)])
    return rows.length as number
  })
  if (isRefusal(done)) throw new Error(`refusals are not summed up: ${plain(done.message)}`)
  return done
}

type Counted = {
  workspace_id: string
  action: string
  code: string
  key_id: string
  hour: Date
  attempts: number
}

const sumOf = ({ workspace_id, action, code, key_id, hour, attempts }: Counted) => ({
  event: 'attempt.repeated' as const,
  workspaceId: workspace_id,
  ...(key_id ? { keyId: key_id } : {}),
  details: { action, code, hour: hour.toISOString(), attempts: attempts - 1 },
})
