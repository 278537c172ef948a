import { followKeys } from '../anomaly/episodes.ts'
import type { UseFacts } from '../anomaly/facts.ts'
import type { Severity } from '../anomaly/severity.ts'
import type { Transaction } from '../foundation/database.ts'
import { doneBy, firstOf, noticed, over, revoked } from './ended.ts'
import type { Fact, Gone, Question, Resolution } from './finding.ts'

type Row = {
  key_id: string
  level: number
  severity: Severity
  facts: UseFacts
  began_at: Date
  status: 'active' | 'inactive'
  status_changed_by: string
  status_changed_at: Date
}

/** The level of a key in quarantine, above every level of the detector. */
const quarantined = 500_000

/**
 * Asks which keys are used unusually on their own, and not as part of a fleet event. A key that was deactivated
 * meanwhile is in quarantine until a person decides: the finding is resolved when the key is activated or has ended.
 */
export const unusualUse: Question = {
  kind: 'unusual-use',
  moves: true,
  edits: true,
  async ended(trx, gone, now): Promise<Resolution[]> {
    const episodes = await lastEpisodes(trx, gone)
    return gone.map((one) => firstOf(one, now, [revoked, over, () => endOf(episodes.get(one.keyId), now)]))
  },
  refresh: (trx, workspace, now) => followKeys(trx, workspace.id, now),
  async ask(trx, workspace): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select e.key_id, e.level, e.severity, e.facts, e.began_at, k.status, k.status_changed_by, k.status_changed_at
       from anomaly_episodes e join keys k on k.id = e.key_id
       where e.workspace_id = ? and e.over_at is null and e.fleet_id is null`,
      [workspace.id],
    )
    return (rows as Row[]).map(factOf)
  },
}

function factOf(row: Row): Fact {
  const facts = { ...row.facts, beganAt: row.began_at.toISOString() }
  if (row.status === 'active')
    return {
      keyId: row.key_id,
      step: `notified-${row.level}`,
      level: row.level,
      severity: row.severity,
      facts,
    }
  const by = { quarantinedBy: row.status_changed_by, quarantinedAt: row.status_changed_at.toISOString() }
  return {
    keyId: row.key_id,
    step: 'quarantined',
    level: quarantined,
    severity: 'warning',
    facts: { ...facts, ...by },
  }
}

type Episode = { over_at: Date | null; over_because: string | null; over_by: string | null }

async function lastEpisodes(trx: Transaction, gone: readonly Gone[]): Promise<Map<string, Episode>> {
  const { rows } = await trx.raw(
    `select distinct on (key_id) key_id, over_at, over_because, over_by from anomaly_episodes
     where key_id = any(?) order by key_id, began_at desc`,
    [gone.map(({ keyId }) => keyId)],
  )
  return new Map((rows as (Episode & { key_id: string })[]).map((row) => [row.key_id, row]))
}

/** An episode that goes on without a finding belongs to a fleet event. */
function endOf(episode: Episode | undefined, now: Date): Resolution | undefined {
  if (!episode) return undefined
  if (!episode.over_at) return noticed('fleet', now)
  const because = endings.find((one) => one === episode.over_because)
  return because && doneBy(because, { by: episode.over_by, at: episode.over_at })
}

const endings = ['calm', 'used', 'expected', 'activated'] as const
