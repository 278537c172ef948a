import { type Transaction, transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { quietUntil } from '../policy/quiet.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'

type Row = { id: string; workspace_id: string; keys: number; over_at: Date | null }

/**
 * Puts a message into the outbox for each fleet event that began, grew, shrank or ended since its last one. The first
 * posts the event's message in Slack, the others update it. Returns how many were put.
 */
export async function putFleetNotices(world: Pick<World, 'db' | 'clock' | 'random'>): Promise<number> {
  const now = world.clock.now()
  const workspaces = new Map((await allWorkspaces(world.db)).map((one) => [one.id, one]))
  const messages = await transact(world.db, async (trx) => {
    const rows = await markNotified(trx)
    const all = rows.map((row) => messageFor(row, workspaces.get(row.workspace_id)!, now))
    await put(trx, all, now, world.random)
    return all.length
  })
  if (isRefusal(messages)) throw new Error(`fleet events wait: ${plain(messages.message)}`)
  return messages
}

async function markNotified(trx: Transaction): Promise<Row[]> {
  const { rows } = await trx.raw(
    `update fleet_events set notified_keys = keys, notified_over = over_at is not null
     where not notified_over and greatest(keys, notified_keys) > 0 and (keys <> notified_keys or over_at is not null)
     returning id, workspace_id, keys, over_at`,
  )
  return rows
}

const messageFor = (row: Row, { policy }: Workspace, now: Date): OutboxMessage => ({
  workspaceId: row.workspace_id,
  subjectId: row.id,
  source: 'fleet',
  mode: 'live',
  step: row.over_at ? 'over' : `keys-${row.keys}:${now.toISOString()}`,
  destination: `channel:${policy.alertChannel}`,
  notBefore: quietUntil(policy, now),
})
