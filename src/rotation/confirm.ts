import type { World } from '../foundation/world.ts'
import { confirmChange, type Receipt } from '../leases/confirm.ts'
import { lost } from '../leases/receipt.ts'
import { addNote } from './notes.ts'
import type { Rotation } from './rotation.ts'

const batchSize = 500

/**
 * Waits until every verifier has learnt of the keys that rotations have ended, and stores the receipt: for one
 * rotation, or for all that wait, which then share a wait. A second caller finds it written. A compromised key's
 * report, and the offer of its successor, follow the receipt.
 * @param withinMs real milliseconds to wait at most
 * @returns undefined when nothing waits
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
    .limit(batchSize)
    .select('id', 'cut_key_id')
  if (rows.length === 0) return undefined
  const keyIds = rows.map((row) => row.cut_key_id)
  const receipt = await confirmChange(world, keyIds, { withinMs, to: 'revoked' })
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
      await addNote(trx, row.id, 'report', 'report', now)
      await addNote(trx, row.id, 'offer', 'offer', now)
    }
  })
  return receipt
}

/** The same for one rotation that is being viewed; undefined when it has ended no key. */
export async function confirmRotation(
  world: World,
  { id, cutAt }: Pick<Rotation, 'id' | 'cutAt'>,
  withinMs: number,
): Promise<Receipt | undefined> {
  if (!cutAt) return undefined
  return (await confirmRotations(world, { id, withinMs })) ?? (await writtenReceipt(world, id)) ?? lost
}

async function writtenReceipt({ db }: World, id: string): Promise<Receipt | undefined> {
  const row = await db('rotations').where({ id }).first('receipt')
  return row?.receipt ?? undefined
}
