import type { Executor } from '../foundation/database.ts'
import { addDays } from '../foundation/time.ts'
import type { Policy } from '../policy/policy.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { arrivedNotices, type Noticed } from './notice.ts'

/** A key that would be deactivated, why, and when. `noticed`: its notice has arrived. */
export type Candidate = {
  keyId: string
  name: string
  hint: string
  ownerId: string
  /** a key may be both idle and unconfirmed */
  kinds: Noticed[]
  at: Date
  noticed: boolean
}

export type DryRun = {
  policy: Pick<Policy, 'idleKeys' | 'unconfirmedKeys' | 'noticeDays'>
  /** keys by reason, and in all: one that is here for both reasons counts once */
  counts: Record<Noticed | 'all', number>
  /** the soonest first, up to the limit */
  keys: Candidate[]
  /** keys of the running review that still wait for an answer, and until when */
  waiting: { keys: number; answerBy: Date } | undefined
}

/**
 * Lists the keys that would be deactivated if the policy deactivated idle and unconfirmed ones from now on, by the same
 * findings and notices that the jobs use. Changes nothing.
 */
export async function dryRun(db: Executor, workspace: Workspace, now: Date, limit: number): Promise<DryRun> {
  const { timeZone, noticeDays, idleKeys, unconfirmedKeys } = workspace.policy
  const { rows } = await db.raw(
    `select k.id as "keyId", k.name, k.hint, k.owner_id as "ownerId", array_agg(f.kind order by f.kind) as kinds,
       min(coalesce(n.deactivate_at, :ifNow::timestamptz)) as at, bool_or(exists (select ${arrivedNotices})) as noticed
     from findings f join keys k on k.id = f.key_id
       left join deactivation_notices n on n.workspace_id = f.workspace_id and n.kind = f.kind and n.key_id = f.key_id
     where f.workspace_id = :workspace and f.kind in ('idle', 'unconfirmed') and f.resolved_at is null
       and k.status = 'active'
     group by k.id
     order by at, k.name_folded, k.id limit :limit`,
    { workspace: workspace.id, ifNow: addDays(now, noticeDays, timeZone), limit },
  )
  const counts = await db('findings')
    .join('keys', 'keys.id', 'findings.key_id')
    .where({ 'findings.workspace_id': workspace.id, 'keys.status': 'active' })
    .whereIn('kind', ['idle', 'unconfirmed'])
    .whereNull('resolved_at')
    .first(
      db.raw(
        `count(distinct key_id)::int as "all", (count(*) filter (where kind = 'idle'))::int as idle,
         (count(*) filter (where kind = 'unconfirmed'))::int as unconfirmed`,
      ),
    )
  return {
    policy: { idleKeys, unconfirmedKeys, noticeDays },
    counts,
    keys: rows,
    waiting: await waitingIn(db, workspace.id, now),
  }
}

async function waitingIn(db: Executor, workspaceId: string, now: Date): Promise<DryRun['waiting']> {
  const row = await db('reviews')
    .join('review_keys as a', 'a.review_id', 'reviews.id')
    .where({ workspace_id: workspaceId })
    .whereNull('ended_at')
    .whereNull('a.closed_at')
    .where('a.answer_by', '>', now)
    .first(db.raw('count(*)::int as keys, max(a.answer_by) as "answerBy"'))
  return row.keys > 0 ? row : undefined
}
