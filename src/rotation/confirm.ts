import type { World } from '../foundation/world.ts'
import { confirmChange, type Receipt } from '../leases/confirm.ts'
import { note } from './notes.ts'

const atOnce = 500

/**
 * Waits until every verifier has learnt of the keys that rotations have ended, and writes the receipt down: for one
 * rotation, or for all that wait, which then share a wait. Whoever comes second finds it written. A compromised key's
 * report, and the offer of its successor, follow the receipt.
 * @param withinMs real milliseconds to wait at most
 */
export async function confirmRotations(
  world: World,
  { id, withinMs }: { id?: string; withinMs: number },
): Promise<Receipt | undefined> {
  const rows: { id: string; cut_key_id: string }[] = await world
    .db('rotations')
    .whereNotNull('cut_at')
    .whereNull('confirmed_at')
    .modify((query) => (id ? query.where({ id }) : query))
    .orderBy('cut_at')
    .limit(atOnce)
    .select('id', 'cut_key_id')
  if (rows.length === 0) return undefined
  const keyIds = rows.map((row) => row.cut_key_id)
  const receipt = await confirmChange(world, keyIds, { withinMs })
  if (receipt.state !== 'confirmed') return receipt
  await world.db.transaction(async (trx) => {
    const now = world.clock.now()
    const done = await trx('rotations')
      .whereIn(
        'id',
        rows.map((row) => row.id),
      )
      .whereIn('cut_key_id', keyIds)
      .whereNull('confirmed_at')
      .update({ confirmed_at: now, receipt: JSON.stringify(receipt) })
      .returning(['id', 'reason', 'ended_at'])
    for (const row of done.filter((one) => one.reason === 'compromised' && one.ended_at === null)) {
      await note(trx, row.id, 'report', 'report', now)
      await note(trx, row.id, 'offer', 'offer', now)
    }
  })
  return receipt
}
