import type { Executor } from '../foundation/database.ts'
import { type KeySnapshot, keySnapshotsOf } from './key-snapshot.ts'
import { type Rotation, toRotation } from './rotation.ts'

/** A running rotation with its keys, as far as one line says it. */
export type KeyRotation = { rotation: Rotation; old: KeySnapshot; next: KeySnapshot; isLate: boolean }

/** These rotations with their keys, in their order; one query however many there are. */
export async function withKeys(
  db: Executor,
  rotations: readonly Rotation[],
  now: Date,
): Promise<KeyRotation[]> {
  if (rotations.length === 0) return []
  const ids = rotations.flatMap(({ predecessorId, successorId }) => [predecessorId, successorId])
  const keys = await keySnapshotsOf(db, ids, now)
  return rotations.map((rotation) => ({
    rotation,
    old: keys.get(rotation.predecessorId)!,
    next: keys.get(rotation.successorId)!,
    isLate: rotation.dueAt <= now,
  }))
}

/** The rotations with these ids, with their keys. */
export async function readKeyRotations(
  db: Executor,
  ids: readonly string[],
  now: Date,
): Promise<Map<string, KeyRotation>> {
  const rows = await db('rotations').whereIn('id', [...ids])
  const read = await withKeys(db, rows.map(toRotation), now)
  return new Map(read.map((one) => [one.rotation.id, one]))
}
