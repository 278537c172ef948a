import type { Executor, Transaction } from '../foundation/database.ts'
import { detailsOf } from './details.ts'
import type { Reason } from './detector/reason.ts'
import type { Alarm, UseFacts } from './facts.ts'
import { severityOf, standsAlone } from './severity.ts'

/** When a key was strange and used since its last step; seconds since 1970. */
export type Course = { keyId: string; strangeAt: number | undefined; usedAt: number | undefined }

const isoOf = (at: number) => new Date(at * 1000).toISOString()
const order = { critical: 0, warning: 1, notice: 2 }

/**
 * Opens an episode for each key that has none, or raises the one that is open: one more message, as severe as the worst
 * alarm. An alarm that was recorded before changes nothing. The numbers of a whole five minutes take the place of those that
 * a new source had within them, in the same message if that was critical already; never the other way round, also when
 * both are written at once.
 */
export async function recordAlarms(trx: Transaction, alarms: readonly Alarm[]): Promise<void> {
  if (alarms.length === 0) return
  const details = await detailsOf(trx, alarms)
  const raised = new Map<string, { alarm: Alarm; facts: UseFacts }>()
  const alone = new Set<string>()
  for (const alarm of alarms) {
    const { keyId, reason, score, at, figures, source } = alarm
    const severity = severityOf(reason, figures, fromNew(alarm))
    if (standsAlone(reason, figures, fromNew(alarm))) alone.add(keyId)
    const about = source ? { source } : {}
    const facts = { reason, score, at: isoOf(at), figures, severity, ...about, ...details.get(alarm)! }
    const before = raised.get(keyId)
    if (!before || order[severity] <= order[before.facts.severity]) raised.set(keyId, { alarm, facts })
  }
  const rows = [...raised.values()].map(({ alarm: { keyId, workspaceId }, facts }) => ({
    keyId,
    workspaceId,
    facts,
    alone: alone.has(keyId),
    ...facts,
  }))
  await trx.raw(
    `insert into anomaly_episodes as e
       (key_id, workspace_id, reason, severity, stands_alone, facts, began_at, declared_at, strange_at)
     select "keyId", "workspaceId", reason, severity, alone, facts, at, at, at
     from jsonb_to_recordset(:rows) as a ("keyId" text, "workspaceId" text, reason text, severity text, alone boolean,
       facts jsonb, at timestamptz)
     on conflict (key_id) where over_at is null do update
       set reason = excluded.reason, facts = excluded.facts, declared_at = greatest(e.declared_at, excluded.declared_at),
         level = e.level + (e.severity <> 'critical' or e.reason <> all(:sources))::int,
         stands_alone = e.stands_alone or excluded.stands_alone,
         severity = case when e.severity = 'critical' then e.severity else excluded.severity end
       where (e.declared_at < excluded.declared_at
           or (excluded.severity = 'critical' and e.severity <> 'critical')
           or (e.reason = any(:sources) and excluded.reason <> all(:sources)))
         and not (excluded.reason = 'person' or (excluded.reason = any(:sources) and e.stands_alone
           and (e.severity = 'critical' or excluded.severity <> 'critical')))`,
    { rows: JSON.stringify(rows), sources: ['new-network', 'person'] },
  )
}

const fromNew = ({ evidence }: Alarm): number => evidence?.fromNewSources ?? 0

/**
 * Sets apart the episodes that stand alone by now. One that belongs to a fleet event never alerted, so it is raised: it
 * leaves the event and alerts by itself; so is one that left the event before it came to look like a leak. Any other stays as it is; that it looks like a leak is kept, so that no fleet
 * event takes it and a policy that quarantines leaks applies to it.
 */
export async function setApart(trx: Transaction, alone: readonly Alarm[]): Promise<void> {
  if (alone.length === 0) return
  const { rows } = await trx.raw(
    `update anomaly_episodes e set stands_alone = true,
       severity = case when e.severity = 'critical' then e.severity else a.severity end
     from jsonb_to_recordset(?) as a ("keyId" text, severity text)
     where e.key_id = a."keyId" and e.over_at is null and e.quarantined_at is null
       and (not e.stands_alone or (e.severity <> 'critical' and a.severity = 'critical'))
     returning e.key_id, coalesce(e.fleet_id, e.left_fleet_id) is not null as was_in_fleet`,
    [
      JSON.stringify(
        alone.map((one) => ({
          keyId: one.keyId,
          severity: severityOf(one.reason, one.figures, fromNew(one)),
        })),
      ),
    ],
  )
  type Row = { key_id: string; was_in_fleet: boolean }
  const inFleets = new Set((rows as Row[]).filter((row) => row.was_in_fleet).map((row) => row.key_id))
  await recordAlarms(
    trx,
    alone.filter(({ keyId }) => inFleets.has(keyId)),
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
       where e.key_id = u.key_id and e.over_at is null and e.reason = 'silence' and e.declared_at < u.at`,
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

/** Brings the episodes in step with what was done to their keys. */
export async function followKeys(trx: Transaction, workspaceId: string, now: Date): Promise<void> {
  await trx.raw(
    `update anomaly_episodes e set
       quarantined_at = case when k.status = 'inactive' then coalesce(e.quarantined_at, k.status_changed_at)
         else e.quarantined_at end,
       over_at = case when k.works_until <= :now then :now::timestamptz
         when k.status <> 'inactive' then k.status_changed_at end,
       over_because = case when k.status = 'revoked' or k.works_until <= :now then 'ended'
         when k.status = 'active' then 'activated' end,
       over_by = case when k.status = 'active' and k.works_until <= :now is not true
         then k.status_changed_by end
     from keys k
     where k.id = e.key_id and e.workspace_id = :workspaceId and e.over_at is null and (
       k.status = 'revoked' or k.works_until <= :now
       or (k.status = 'inactive' and e.quarantined_at is null)
       or (k.status = 'active' and e.quarantined_at is not null))`,
    { workspaceId, now },
  )
}
