import type { Executor, Transaction } from '../foundation/database.ts'
import type { Reason } from '../usage/anomaly/reason.ts'
import { detailsOf } from './details.ts'
import type { Alarm, UseFacts } from './facts.ts'
import { severityOf } from './severity.ts'

/** What a key has done since it was looked at last; seconds since 1970. */
export type Course = { keyId: string; strangeAt: number | undefined; usedAt: number | undefined }

const isoOf = (at: number) => new Date(at * 1000).toISOString()
const order = { critical: 0, warning: 1, notice: 2 }

/**
 * Opens an episode for each key that has none, or raises the one that is open: one more message, as bad as the worst of
 * what is told. An alarm that was recorded before changes nothing.
 */
export async function recordAlarms(trx: Transaction, alarms: readonly Alarm[]): Promise<void> {
  if (alarms.length === 0) return
  const details = await detailsOf(trx, alarms)
  const told = new Map<string, { alarm: Alarm; facts: UseFacts }>()
  for (const alarm of alarms) {
    const severity = severityOf(alarm.reason, alarm.figures, alarm.evidence?.fromNewSources ?? 0)
    const { reason, score, at, figures } = alarm
    const facts = { reason, score, at: isoOf(at), figures, severity, ...details.get(alarm)! }
    const before = told.get(alarm.keyId)
    if (!before || order[severity] <= order[before.facts.severity]) told.set(alarm.keyId, { alarm, facts })
  }
  const rows = [...told.values()].map(({ alarm: { keyId, workspaceId }, facts }) => ({
    keyId,
    workspaceId,
    facts,
    ...facts,
  }))
  await trx.raw(
    `insert into anomaly_episodes as e (key_id, workspace_id, reason, severity, facts, began_at, said_at, strange_at)
     select "keyId", "workspaceId", reason, severity, facts, at, at, at
     from jsonb_to_recordset(?) as a ("keyId" text, "workspaceId" text, reason text, severity text, facts jsonb,
       at timestamptz)
     on conflict (key_id) where over_at is null do update
       set reason = excluded.reason, facts = excluded.facts, said_at = excluded.said_at, level = e.level + 1,
         severity = case when e.severity = 'critical' then e.severity else excluded.severity end
       where e.said_at < excluded.said_at`,
    [JSON.stringify(rows)],
  )
}

/** Open episodes go on while the key is strange; a silence ends with the first request. */
export async function recordCourse(trx: Transaction, courses: readonly Course[]): Promise<void> {
  const strange = courses.filter(({ strangeAt }) => strangeAt !== undefined)
  const used = courses.filter(({ usedAt }) => usedAt !== undefined)
  if (strange.length > 0)
    await trx.raw(
      `update anomaly_episodes e set strange_at = greatest(e.strange_at, s.at)
       from (select key_id, to_timestamp(at) as at from unnest(?::text[], ?::float8[]) as s (key_id, at)) s
       where e.key_id = s.key_id and e.over_at is null and e.strange_at < s.at`,
      [strange.map(({ keyId }) => keyId), strange.map(({ strangeAt }) => strangeAt!)],
    )
  if (used.length > 0)
    await trx.raw(
      `update anomaly_episodes e set over_at = u.at, over_because = 'used'
       from (select key_id, to_timestamp(at) as at from unnest(?::text[], ?::float8[]) as u (key_id, at)) u
       where e.key_id = u.key_id and e.over_at is null and e.reason = 'silence' and e.said_at < u.at`,
      [used.map(({ keyId }) => keyId), used.map(({ usedAt }) => usedAt!)],
    )
}

/** The time of unusual use that a key is in now. */
export type Episode = { reason: Reason; beganAt: Date; strangeAt: Date }

export async function readEpisode(db: Executor, keyId: string): Promise<Episode | undefined> {
  const row = await db('anomaly_episodes').where({ key_id: keyId }).whereNull('over_at').first()
  return row && { reason: row.reason, beganAt: row.began_at, strangeAt: row.strange_at }
}

/** Days without anything strange after which an episode is over by itself; what looks like a leak waits longest. */
const calmDays = { notice: 1, warning: 3, critical: 14 }
const silentDays = 30

/** Ends the episodes in which nothing strange has happened for days. */
export async function endCalm(trx: Transaction, now: Date): Promise<void> {
  await trx.raw(
    `update anomaly_episodes set over_at = :now, over_because = 'calm'
     where over_at is null and quarantined_at is null and strange_at < :now::timestamptz - make_interval(days =>
       case when reason = 'silence' then :silent::int
         when severity = 'critical' then :critical::int when severity = 'warning' then :warning::int else :notice::int end)`,
    { now, silent: silentDays, ...calmDays },
  )
}
