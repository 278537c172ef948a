import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { quietUntil } from '../policy/quiet.ts'
import { allWorkspaces } from '../workspaces/workspace.ts'

/** At most this many in one transaction; the next run takes the rest. */
const batchSize = 500

/**
 * Ends the snoozes whose time is over and puts a message for each destination that received the finding. Returns how
 * many messages were put.
 */
export async function endSnoozes(world: Pick<World, 'db' | 'clock' | 'random'>): Promise<number> {
  const now = world.clock.now()
  const workspaces = new Map((await allWorkspaces(world.db)).map((one) => [one.id, one]))
  return world.db.transaction(async (trx) => {
    const { rows } = await trx.raw(
      `with over as (
         select id, snoozed_until from findings
         where snoozed_until <= :now and resolved_at is null
         order by snoozed_until limit :batchSize for update skip locked
       ), awake as (
         update findings set snoozed_until = null, snoozed_by = null, snooze_reason = null
         from over where findings.id = over.id
         returning findings.*, over.snoozed_until as was_until
       )
       select distinct on (a.id, o.destination) a.id, a.workspace_id, a.level, a.severity, a.was_until,
         coalesce(a.group_id, a.id) as subject_id, o.destination
       from awake a join outbox o on o.source = 'finding' and o.item_id = a.id`,
      { now, batchSize },
    )
    const messages = (rows as Row[]).map(
      (row): OutboxMessage => ({
        workspaceId: row.workspace_id,
        source: 'finding',
        mode: 'thread',
        itemId: row.id,
        subjectId: row.subject_id,
        step: `woken:${row.was_until.toISOString()}`,
        level: row.level,
        destination: row.destination,
        notBefore:
          row.severity === 'critical' ? undefined : quietUntil(workspaces.get(row.workspace_id)!.policy, now),
      }),
    )
    await put(trx, messages, now, world.random)
    return messages.length
  })
}

type Row = {
  id: string
  workspace_id: string
  level: number
  severity: string
  was_until: Date
  subject_id: string
  destination: string
}
