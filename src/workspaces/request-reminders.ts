import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { readPolicy } from '../policy/policy.ts'
import { quietUntil } from '../policy/quiet.ts'

/** The approvers are reminded of a request after so many days. */
export const reminderDays = [2, 7, 12]
/** At most this many at once; the next run takes the rest. */
const batchSize = 500

type Row = { id: string; workspace_id: string; days: number; policy: unknown }

/** Puts the reminders that are due, each once, below the message about its request. Returns how many. */
export async function remindOfRequests({
  db,
  clock,
  random,
}: Pick<World, 'db' | 'clock' | 'random'>): Promise<number> {
  const now = clock.now()
  const { rows } = await db.raw(
    `select r.id, r.workspace_id, due.days, w.policy
     from key_requests r join workspaces w on w.id = r.workspace_id,
       lateral (select max(days) as days from unnest(:days::int[]) as days
         where r.requested_at <= :now::timestamptz - make_interval(days => days)) due
     where r.state = 'waiting' and due.days is not null and not exists (
       select from outbox o where o.source = 'request' and o.item_id = r.id and o.step = 'waits:' || due.days)
     order by r.requested_at limit :batchSize`,
    { days: [...reminderDays], now, batchSize },
  )
  const messages = (rows as Row[]).map(({ id, workspace_id, days, policy: stored }): OutboxMessage => {
    const policy = readPolicy(stored)
    return {
      workspaceId: workspace_id,
      source: 'request',
      subjectId: id,
      mode: 'thread',
      step: `waits:${days}`,
      destination: `channel:${policy.alertChannel}`,
      notBefore: quietUntil(policy, now),
      body: { days },
    }
  })
  await db.transaction((trx) => put(trx, messages, now, random))
  return messages.length
}
