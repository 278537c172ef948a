import type { Transaction } from '../foundation/database.ts'
import type { Letter } from '../outbox/outbox.ts'
import type { Open, Round } from './round.ts'

/**
 * Closes what is no longer true. What was done, by whom and when is read from the key itself. Every place that
 * heard of the finding hears of its end at once, quiet hours or not: nobody is called.
 */
export async function resolve(trx: Transaction, round: Round, gone: readonly Open[]): Promise<Letter[]> {
  if (gone.length === 0) return []
  const ids = gone.map((finding) => finding.id)
  await trx.raw(resolution, { now: round.now, ids })
  const { rows } = await trx.raw(
    `select distinct on (finding_id, destination) finding_id, subject_id, destination from outbox
     where finding_id = any(?) order by finding_id, destination, seq desc`,
    [ids],
  )
  type Row = { finding_id: string; subject_id: string; destination: string }
  return (rows as Row[]).map((row) => ({
    workspaceId: round.workspace.id,
    findingId: row.finding_id,
    subjectId: row.subject_id,
    step: 'resolved',
    level: 1_000_000,
    destination: row.destination,
  }))
}

const resolution = `
  update findings set resolved_at = :now, changed_at = :now, snoozed_until = null, snoozed_by = null,
    snooze_reason = null, resolution = case
      when kind = 'dead-key-in-use' and k.status = 'active' and (k.expires_at is null or k.expires_at > :now)
        then jsonb_build_object('what', 'activated', 'by', k.status_changed_by, 'at', k.status_changed_at)
      when kind = 'dead-key-in-use' then jsonb_build_object('what', 'silent', 'by', null, 'at', :now::timestamptz)
      when k.status = 'revoked' then jsonb_build_object('what', 'revoked', 'by', k.status_changed_by, 'at', k.status_changed_at)
      when k.status = 'inactive' and kind <> 'orphaned'
        then jsonb_build_object('what', 'deactivated', 'by', k.status_changed_by, 'at', k.status_changed_at)
      when k.successor_id is not null
        and kind in ('rotation-due', 'write-without-expiry', 'expiring', 'idle', 'shared-key', 'unconfirmed') then (
        select jsonb_build_object('what', 'rotated', 'by', s.created_by, 'at', s.created_at)
        from keys s where s.id = k.successor_id)
      when kind in ('idle', 'unconfirmed') and k.needed_at >= opened_at
        then jsonb_build_object('what', 'needed', 'by', k.needed_by, 'at', k.needed_at)
      when kind = 'idle' then jsonb_build_object('what', 'used', 'by', null, 'at', :now::timestamptz)
      when kind = 'orphaned' then jsonb_build_object('what', 'reassigned', 'by', null, 'at', :now::timestamptz)
      when kind = 'unusual-use' and least(k.expires_at, k.ends_at) > :now is not false then (
        select jsonb_build_object('what', case when e.over_at is null then 'fleet' else e.over_because end,
          'by', e.over_by, 'at', coalesce(e.over_at, :now::timestamptz))
        from anomaly_episodes e where e.key_id = k.id order by e.began_at desc limit 1)
      when kind = 'shared-key' then jsonb_build_object('what', 'apart', 'by', null, 'at', :now::timestamptz)
      when k.expires_at <= :now then jsonb_build_object('what', 'over', 'by', null, 'at', k.expires_at)
      else jsonb_build_object('what', 'renewed', 'by', k.status_changed_by, 'at', :now::timestamptz)
    end
  from keys k where k.id = findings.key_id and findings.id = any(:ids)`
