import { record } from '../audit/record.ts'
import type { Act } from '../members/actor.ts'

/** A key that changes hands, and from whom to whom. */
export type Transfer = { keyId: string; workspaceId: string; from: string; to: string; reason: string }

/** Gives a key that is not revoked to another owner. @returns false when `from` does not own it any more */
export async function transferKey(
  act: Act,
  { keyId, workspaceId, from, to, reason }: Transfer,
): Promise<boolean> {
  const rows = await act
    .trx('keys')
    .where({ id: keyId, owner_id: from })
    .whereNot('status', 'revoked')
    .update({ owner_id: to, version: act.trx.raw('version + 1') })
  if (rows === 0) return false
  const details = { changes: { ownerId: [from, to] }, reason }
  await record(act, { event: 'key.edited', workspaceId, keyId, details })
  return true
}

/** Ends a key by then; an end that is nearer already stays. @returns when it ends */
export async function endKeyBy(
  act: Act,
  key: { id: string; workspaceId: string; endsAt: Date | null },
  by: Date,
): Promise<Date> {
  const [row] = await act
    .trx('keys')
    .where({ id: key.id })
    .update({ ends_at: act.trx.raw('least(ends_at, expires_at, ?::timestamptz)', [by]) })
    .returning('ends_at')
  const changes = { endsAt: [key.endsAt?.toISOString() ?? null, row.ends_at.toISOString()] }
  await record(act, {
    event: 'key.edited',
    workspaceId: key.workspaceId,
    keyId: key.id,
    details: { changes },
  })
  return row.ends_at
}
