import type { Random } from '../foundation/random.ts'
import type { World } from '../foundation/world.ts'
import { confirmChange, type Receipt } from '../leases/confirm.ts'
import { lost } from '../leases/receipt.ts'
import type { Act } from '../members/actor.ts'
import { addNote, policiesOf, refreshMessage } from './announce.ts'
import { type Rotation, toRotation } from './rotation.ts'
import { offerSuccessors } from './start.ts'

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
      .returning('*')
    const confirmed = done.map(toRotation)
    for (const rotation of confirmed) await refreshMessage(trx, rotation)
    const compromised = confirmed.filter(({ reason, endedAt }) => reason === 'compromised' && !endedAt)
    await announceCompromised({ trx, now }, compromised, world.random)
  })
  return receipt
}

/** Reports what the compromised keys did, and offers their successors. */
async function announceCompromised(
  act: Pick<Act, 'trx' | 'now'>,
  rotations: readonly Rotation[],
  random: Random,
): Promise<void> {
  const policies = await policiesOf(act.trx, rotations)
  const rows: { id: string; ownerId: string }[] = await act
    .trx('keys')
    .whereIn(
      'id',
      rotations.map(({ successorId }) => successorId),
    )
    .select('id', 'owner_id as ownerId')
  const owners = new Map(rows.map(({ id, ownerId }) => [id, ownerId]))
  for (const rotation of rotations) {
    const owner = owners.get(rotation.successorId)!
    const policy = policies.get(rotation.workspaceId)!
    await addNote(act, rotation, { kind: 'report', step: 'report', owner, policy }, random)
  }
  const offered = rotations.map((rotation) => ({ ...rotation, ownerId: owners.get(rotation.successorId)! }))
  await offerSuccessors(act, offered, random)
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
