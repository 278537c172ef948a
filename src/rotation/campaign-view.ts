import type { Executor } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import type { Phase } from './rotation.ts'
import type { CampaignView, Tracker } from './tracker.ts'

const order: readonly Phase[] = ['reveal', 'switch', 'silent', 'safe', 'finished', 'aborted']

/** The campaigns among these ids as they stand now, by id, from the trackers of their rotations. */
export async function readCampaigns(
  db: Executor,
  ids: readonly string[],
  trackers: readonly Tracker[],
): Promise<Map<string, CampaignView>> {
  const rows = await db('rotation_campaigns')
    .whereIn('id', [...ids])
    .select('*')
  if (rows.length === 0) return new Map()
  const keys = await db('rotation_campaign_keys')
    .join('keys', 'keys.id', 'key_id')
    .whereIn(
      'campaign_id',
      rows.map((row) => row.id),
    )
    .orderBy(['name_folded', 'key_id'])
    .select('campaign_id', 'outcome', 'why', 'keys.name')
  const keysOf = groupBy(keys, (key) => key.campaign_id)
  const trackersOf = groupBy(trackers, ({ rotation }) => rotation.campaignId ?? '')
  return new Map(
    rows.map((row) => [row.id, viewOf(row, keysOf.get(row.id) ?? [], trackersOf.get(row.id) ?? [])]),
  )
}

type KeyRow = { outcome: string | null; name: string; why: string }

function viewOf(
  row: Record<string, never>,
  keys: readonly KeyRow[],
  trackers: readonly Tracker[],
): CampaignView {
  const counts = Object.fromEntries(order.map((phase) => [phase, 0])) as Record<Phase, number>
  for (const { phase } of trackers) counts[phase]++
  return {
    id: row.id!,
    workspaceId: row.workspace_id!,
    title: row.title!,
    ofUserId: row.of_user_id!,
    reason: row.reason!,
    startedBy: row.started_by!,
    startedAt: row.started_at!,
    keys: Math.max(keys.length, trackers.length),
    waiting: keys.filter((key) => key.outcome === null).length,
    skipped: keys.filter((key) => key.outcome === 'skipped').map(({ name, why }) => ({ name, why })),
    counts,
    trackers: trackers.toSorted(byUrgency),
  }
}

const byUrgency = (a: Tracker, b: Tracker) =>
  rank(a) - rank(b) || a.facts.old.name.localeCompare(b.facts.old.name)

/** Rotations that somebody can act on come first, those that are over come last. */
const rank = ({ phase }: Tracker): number =>
  ({ safe: 0, reveal: 1, switch: 2, silent: 3, finished: 4, aborted: 5 })[phase]
