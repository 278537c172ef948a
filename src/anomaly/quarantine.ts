import { perform } from '../acts/perform.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { isSlackUser } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { deactivate } from '../keys/state.ts'
import type { Act } from '../members/actor.ts'
import { put } from '../notifications/outbox.ts'
import { allWorkspaces } from '../workspaces/workspace.ts'

/** The actor of what happens by itself. */
const job = { kind: 'job', id: 'unusual-use' } as const
/** At most this many in one run; the next takes the rest. */
const batchSize = 50

type Row = { id: number; key_id: string; workspace_id: string }

/**
 * Deactivates the keys whose use looks like a leak, where the workspace's policy says so: once in an episode, so that
 * a person who activates a key again has the last word. Notifies the key's owner. Returns how many keys.
 */
export async function quarantineLeaked(
  world: Pick<World, 'db' | 'clock' | 'random' | 'log'>,
): Promise<number> {
  const wanting = (await allWorkspaces(world.db)).filter(({ policy }) => policy.quarantineLeaked)
  if (wanting.length === 0) return 0
  const { rows } = await world.db.raw(
    `select e.id, e.key_id, e.workspace_id from anomaly_episodes e join keys k on k.id = e.key_id
     where e.workspace_id = any(?) and e.over_at is null and e.quarantined_at is null
       and e.severity = 'critical' and k.status = 'active' order by e.id limit ?`,
    [wanting.map(({ id }) => id), batchSize],
  )
  let done = 0
  for (const row of rows as Row[]) {
    const key = await perform(world, job, (act) => quarantine(act, world, row))
    if (!isRefusal(key)) done++
  }
  return done
}

async function quarantine(act: Act, { random }: Pick<World, 'random'>, row: Row): Promise<true | Refusal> {
  const { key_id: keyId, workspace_id: workspaceId } = row
  const open = await act
    .trx('anomaly_episodes')
    .where({ id: row.id, over_at: null, quarantined_at: null })
    .forUpdate()
    .first('id')
  if (!open) return refuse('changed', 'Somebody has decided about it since.')
  const key = await deactivate(act, workspaceId, keyId, 'its use looked like a leak')
  if (isRefusal(key)) return key
  await act.trx('anomaly_episodes').where({ id: row.id }).update({ quarantined_at: act.now })
  if (!isSlackUser(key.ownerId)) return true
  const about = { source: 'quarantined', mode: 'once' as const, subjectId: keyId, step: `episode-${row.id}` }
  const body = { name: key.name, hint: key.hint ?? '' }
  await put(act.trx, [{ workspaceId, destination: `dm:${key.ownerId}`, ...about, body }], act.now, random)
  return true
}
