import { perform } from '../acts/perform.ts'
import type { Executor } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { changeStatusInBulk } from '../keys/status-in-bulk.ts'
import type { Act } from '../members/actor.ts'
import { readFlushedThrough } from '../usage/watermark.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Question } from './finding.ts'
import { idle } from './idle.ts'
import { arrivedNotices, endsInDeactivation, type Noticed } from './notice.ts'
import { reconcile } from './reconcile.ts'
import { unconfirmed } from './unconfirmed.ts'

type Deps = Pick<World, 'db' | 'clock' | 'random' | 'log'>

/** At most this many keys in one transaction; the next run takes the rest. */
const batchSize = 500

const kinds: readonly { kind: Noticed; question: Question; reason: string }[] = [
  { kind: 'idle', question: idle, reason: 'idle, and nobody said within the notice that it is needed' },
  {
    kind: 'unconfirmed',
    question: unconfirmed,
    reason: 'nobody confirmed it in the review, nor within the notice',
  },
]

/**
 * Deactivates the keys whose notice is over, where the policy says so; never revokes. Findings are reconciled again in
 * the same transaction, so a key that is no longer idle or unconfirmed is left alone. So is a key while its finding is
 * snoozed, when its notice was not delivered or a day late, or while a verifier may still report use from before the
 * notice's end. Returns how many keys were deactivated.
 */
export async function deactivateAfterNotice(world: Deps, workspace: Workspace): Promise<number> {
  let paused = 0
  for (const { kind, question, reason } of kinds) {
    if (!endsInDeactivation(workspace.policy, kind)) continue
    if ((await noticesOver(world.db, workspace, kind, world.clock.now(), 1)).length === 0) continue
    const done = await perform(world, { kind: 'job', id: 'notices-over' }, async (act) => {
      await reconcileIn(act, world, question, workspace)
      const keyIds = await noticesOver(act.trx, workspace, kind, act.now, batchSize)
      const ids = await changeStatusInBulk(
        act,
        'deactivate',
        workspace.id,
        new Map(keyIds.map((id) => [id, reason])),
      )
      await reconcileIn(act, world, question, workspace)
      return ids
    })
    if (isRefusal(done)) throw new Error(`keys are not deactivated: ${plain(done.message)}`)
    paused += done.length
  }
  return paused
}

const reconcileIn = ({ trx, now }: Act, { random }: Deps, question: Question, workspace: Workspace) =>
  reconcile(trx, question, workspace, now, random)

async function noticesOver(
  db: Executor,
  workspace: Workspace,
  kind: Noticed,
  now: Date,
  limit: number,
): Promise<string[]> {
  const known = kind === 'idle' ? await readFlushedThrough(db) : now
  if (!known) return []
  const { rows } = await db.raw(
    `select n.key_id
     from deactivation_notices n
       join findings f on f.key_id = n.key_id and f.kind = n.kind and f.resolved_at is null
     where n.workspace_id = :workspace and n.kind = :kind and n.deactivate_at <= least(:now, :known::timestamptz)
       and (f.snoozed_until is null or f.snoozed_until <= :now)
       and exists (select ${arrivedNotices}
         and o.completed_at <= :now::timestamptz - (n.deactivate_at - n.given_at) + interval '1 day')
     order by n.key_id limit :limit`,
    { workspace: workspace.id, kind, now, known, limit },
  )
  return rows.map((row: { key_id: string }) => row.key_id)
}
