import type { Executor } from '../../foundation/database.ts'
import { type Period, type Range, windowOf } from '../range.ts'
import { type Reach, reachOf } from '../roll-up.ts'
import { figures, type Query, type Sums, sums, usageRows } from '../rows.ts'
import { planSegments } from '../segments.ts'
import { type Step, stepMs, stepOf } from '../step.ts'

/** The use of all keys of a workspace in one step of time. */
export type WorkspaceTraffic = Sums & { at: Date }

export type KeyUse = Sums & { keyId: string; name: string; hint: string }

/** A key that could be used and was not; `lastUsedAt` is undefined for one that never was. */
type SilentKey = { keyId: string; name: string; lastUsedAt: Date | undefined }

/** A workspace over a range, compared with the stretch of the same length before it. */
export type WorkspaceSummary = {
  totals: Sums
  before: Sums
  /** keys that were used at all */
  keysUsed: number
  /** the ten busiest, the busiest first */
  top: KeyUse[]
  /** active keys without a request in the range: how many, and the ten silent for longest, those never used last */
  silent: { count: number; keys: SilentKey[] }
}

const maxListed = 10

/** Reads the usage view of a workspace. Revoked keys count: refused requests are requests. */
export async function workspaceSummaryOf(
  db: Executor,
  workspaceId: string,
  range: Range,
  now: Date,
): Promise<WorkspaceSummary> {
  const window = windowOf(range, now)
  const reach = await reachOf(db)
  const [used, before, silent] = await Promise.all([
    usedKeys(db, workspaceId, window, reach),
    totalsIn(db, workspaceId, window.before, reach),
    silentKeys(db, workspaceId, window.from, now),
  ])
  return { ...used, before, silent }
}

/**
 * Reads the use of all keys of a workspace, from the step that holds `from` until before `to`, sorted by time; steps
 * without a request are absent.
 */
export async function workspaceTrafficOf(
  db: Executor,
  workspaceId: string,
  from: Date,
  to: Date,
  step: Step,
): Promise<WorkspaceTraffic[]> {
  const used = usedIn(workspaceId, { from: stepOf(from, step), to }, step, await reachOf(db))
  const { rows } = await db.raw(
    `select date_bin(make_interval(secs => ?), at, 'epoch') as at, ${sums} from (${used.sql}) as used
     group by 1 order by 1`,
    [stepMs[step] / 1000, ...used.values],
  )
  return rows.map(figures<{ at: Date }>)
}

function usedIn(workspaceId: string, period: Period, coarsest: Step, reach: Reach): Query {
  const keys = { sql: 'array(select id from keys where workspace_id = ?)', values: [workspaceId] }
  return usageRows(keys, planSegments(period, coarsest, reach))
}

async function totalsIn(db: Executor, workspaceId: string, period: Period, reach: Reach): Promise<Sums> {
  const used = usedIn(workspaceId, period, 'day', reach)
  const { rows } = await db.raw(`select ${sums} from (${used.sql}) as used`, used.values)
  return figures(rows[0])
}

/** The busiest keys, and over all keys how many there are and what they come to: one pass over their rows. */
async function usedKeys(db: Executor, workspaceId: string, period: Period, reach: Reach) {
  const used = usedIn(workspaceId, period, 'day', reach)
  const { rows } = await db.raw(
    `with per_key as materialized (
       select key_id, ${sums} from (${used.sql}) as used group by key_id
     ), busiest as (
       select per_key.*, row_number() over (order by greatest(requests, outcomes) desc, key_id) as place from per_key
       order by place limit ?
     )
     select busiest.key_id as "keyId", name, hint, requests, refused, outcomes, failed
     from busiest join keys on keys.id = busiest.key_id
     union all
     select null, count(*)::text, null, coalesce(sum(requests), 0), coalesce(sum(refused), 0), coalesce(sum(outcomes), 0),
       coalesce(sum(failed), 0) from per_key`,
    [...used.values, maxListed],
  )
  const {
    name: keysUsed,
    keyId: _all,
    hint: _none,
    ...totals
  } = rows.find((row: { keyId: string | null }) => !row.keyId)
  const top = (rows as KeyUse[]).filter(({ keyId }) => keyId).map(figures<Omit<KeyUse, keyof Sums>>)
  const busiestFirst = (a: Sums, b: Sums) =>
    Math.max(b.requests, b.outcomes) - Math.max(a.requests, a.outcomes)
  return { totals: figures(totals), keysUsed: Number(keysUsed), top: top.sort(busiestFirst) }
}

async function silentKeys(db: Executor, workspaceId: string, since: Date, now: Date) {
  const { rows } = await db.raw(
    `select k.id as "keyId", k.name, u.last_used_at as "lastUsedAt", count(*) over () as count
     from keys k left join key_usage u on u.key_id = k.id
     where k.workspace_id = :workspaceId and k.status = 'active' and (k.works_until is null or k.works_until > :now)
       and k.revealed_at < :since and (u.last_used_at is null or u.last_used_at < :since)
     order by u.last_used_at nulls last, k.id limit :maxListed`,
    { workspaceId, since, now, maxListed },
  )
  const keys: SilentKey[] = rows.map(({ keyId, name, lastUsedAt }: SilentKey) => ({
    ...{ keyId, name },
    lastUsedAt: lastUsedAt ?? undefined,
  }))
  return { count: rows[0]?.count ?? 0, keys }
}
