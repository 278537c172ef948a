import type { Transaction } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import {
  activated,
  deactivated,
  endedBy,
  needed,
  noticed,
  over,
  policyChanged,
  revoked,
  rotated,
} from './ended.ts'
import type { Fact, Gone, Question } from './finding.ts'
import { withNotice } from './notice.ts'

/** A key that was never used is idle sooner than one that fell silent. */
export const neverUsedDays = 30

type Row = { id: string; last_used_at: Date | null; quiet_since: Date; behind: boolean }

/**
 * Which active keys had no request for the policy's idle days, or none in 30 days since they were made, resumed or
 * said to be needed? The index knows a time at which each key was still in use; where traffic has moved on since,
 * that time is brought forward, so that a busy key is met once in a month and not each hour. The old key of a rotation
 * is meant to fall silent.
 */
export const idle: Question = {
  kind: 'idle',
  moves: true,
  ended: endedBy(revoked, deactivated, rotated, needed, activated, used, over, policyChanged),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { idleDays } = workspace.terms
    const before = new Date(now.getTime() - Math.min(neverUsedDays, idleDays) * dayMs)
    const { rows } = await trx.raw(
      `select id, u.last_used_at, greatest(quiet_since, u.last_used_at) as quiet_since,
         u.last_used_at > quiet_since as behind
       from keys left join key_usage u on u.key_id = keys.id
       where workspace_id = :workspace and status = 'active'
         and quiet_since <= :before and successor_id is null
         and (expires_at is null or expires_at > :now)`,
      { workspace: workspace.id, before, now },
    )
    await bringForward(trx, rows as Row[])
    const facts = (rows as Row[]).flatMap((row) => factsOf(row, idleDays, now))
    return withNotice(trx, workspace, 'idle', facts, now)
  },
}

function used({ lastUsedAt, facts }: Gone, now: Date) {
  return lastUsedAt && lastUsedAt > new Date(String(facts.since)) ? noticed('used', now) : undefined
}

function factsOf(row: Row, idleDays: number, now: Date): Fact[] {
  const limit = row.last_used_at ? idleDays : Math.min(neverUsedDays, idleDays)
  if (now.getTime() - row.quiet_since.getTime() < limit * dayMs) return []
  const facts = {
    since: row.quiet_since.toISOString(),
    days: limit,
    neverUsed: row.last_used_at === null,
  }
  return [{ keyId: row.id, step: 'idle', level: 0, severity: 'notice', facts }]
}

async function bringForward(trx: Transaction, rows: Row[]): Promise<void> {
  const behind = rows.filter((row) => row.behind)
  if (behind.length === 0) return
  await trx.raw(
    `update keys set used_by_then = s.at from unnest(?::text[], ?::timestamptz[]) as s(id, at) where keys.id = s.id`,
    [behind.map((row) => row.id), behind.map((row) => row.last_used_at!.toISOString())],
  )
}
