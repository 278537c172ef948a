import type { Executor } from '../foundation/database.ts'
import { readPolicy } from '../policy/policy.ts'
import { type Phase, toRotation } from './rotation.ts'
import { type CampaignView, readTrackers, type Tracker } from './tracker.ts'

const maxShown = 1_000
const order: readonly Phase[] = ['reveal', 'switch', 'silent', 'safe', 'finished', 'aborted']

/** How a campaign stands now. */
export async function readCampaign(db: Executor, id: string, now: Date): Promise<CampaignView> {
  const row = await db('rotation_campaigns')
    .join('workspaces', 'workspaces.id', 'workspace_id')
    .where('rotation_campaigns.id', id)
    .first('rotation_campaigns.*', 'workspaces.policy')
  const keys = await db('rotation_campaign_keys')
    .join('keys', 'keys.id', 'key_id')
    .where({ campaign_id: id })
    .orderBy(['name_folded', 'key_id'])
    .select('outcome', 'why', 'keys.name')
  const rotations = await db('rotations').where({ campaign_id: id }).orderBy('id').limit(maxShown)
  const trackers = await readTrackers(db, rotations.map(toRotation), now)
  const counts = Object.fromEntries(order.map((phase) => [phase, 0])) as Record<Phase, number>
  for (const { phase } of trackers) counts[phase]++
  return {
    id,
    workspaceId: row.workspace_id,
    title: row.title,
    ofUserId: row.of_user_id,
    reason: row.reason,
    startedBy: row.started_by,
    startedAt: row.started_at,
    channel: readPolicy(row.policy).alertChannel,
    keys: Math.max(keys.length, trackers.length),
    waiting: keys.filter((key) => key.outcome === null).length,
    skipped: keys.filter((key) => key.outcome === 'skipped').map(({ name, why }) => ({ name, why })),
    counts,
    trackers: trackers.sort(byUrgency),
  }
}

const byUrgency = (a: Tracker, b: Tracker) =>
  rank(a) - rank(b) || a.facts.old.name.localeCompare(b.facts.old.name)

/** Rotations that somebody can act on come first, those that are over come last. */
const rank = ({ phase }: Tracker): number =>
  ({ safe: 0, reveal: 1, switch: 2, silent: 3, finished: 4, aborted: 5 })[phase]
