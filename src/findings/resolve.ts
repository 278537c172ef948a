import type { Transaction } from '../foundation/database.ts'
import { type OutboxMessage, placesOf } from '../notifications/outbox.ts'
import type { Gone } from './finding.ts'
import type { Open, Round } from './round.ts'

/**
 * Resolves findings that are no longer true; each kind knows how its findings ended, by whom and when. Returns a message
 * for every destination that received the finding, also in quiet hours, since it calls nobody to act.
 */
export async function resolve(
  trx: Transaction,
  round: Round,
  gone: readonly Open[],
): Promise<OutboxMessage[]> {
  if (gone.length === 0) return []
  const ids = gone.map((finding) => finding.id)
  const known = await readGone(trx, ids)
  const ended = await round.question.ended(trx, known, round.now)
  await trx.raw(
    `update findings set resolved_at = :now, changed_at = :now, snoozed_until = null, snoozed_by = null,
       snooze_reason = null, resolution = r.resolution
     from jsonb_to_recordset(:resolutions) as r (id text, resolution jsonb) where findings.id = r.id`,
    {
      now: round.now,
      resolutions: JSON.stringify(known.map(({ id }, i) => ({ id, resolution: ended[i] }))),
    },
  )
  const places = await placesOf(trx, 'finding', ids)
  return places.map((place) => ({
    workspaceId: round.workspace.id,
    source: 'finding',
    mode: 'thread',
    ...place,
    step: 'resolved',
    level: 1_000_000,
  }))
}

async function readGone(trx: Transaction, ids: readonly string[]): Promise<Gone[]> {
  const { rows } = await trx.raw(
    `select f.id, f.workspace_id as "workspaceId", f.key_id as "keyId", f.opened_at as "openedAt", f.facts, k.status,
       k.status_changed_at as "statusChangedAt", k.status_changed_by as "statusChangedBy", k.owner_id as "ownerId",
       k.works_until as "endsAt", k.needed_at as "neededAt", k.needed_by as "neededBy",
       u.last_used_at as "lastUsedAt", s.created_by as "successorBy", s.created_at as "successorAt"
     from findings f join keys k on k.id = f.key_id
       left join keys s on s.id = k.successor_id
       left join key_usage u on u.key_id = k.id
     where f.id = any(?)`,
    [[...ids]],
  )
  type Row = Omit<Gone, 'successor'> & { successorBy: string | null; successorAt: Date | null }
  return (rows as Row[]).map(({ successorBy: by, successorAt: at, ...gone }) => ({
    ...gone,
    successor: by && at ? { by, at } : null,
  }))
}
