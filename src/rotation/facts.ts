import type { Executor } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'
import { trafficOf } from '../usage/traffic.ts'
import { readFlushedThrough } from '../usage/watermark.ts'
import { type KeySnapshot, keySnapshotsOf } from './key-snapshot.ts'
import type { Facts } from './phase.ts'
import type { Rotation } from './rotation.ts'

/** The facts of these rotations, in their order; five queries however many there are. */
export async function factsOf(db: Executor, rotations: readonly Rotation[], now: Date): Promise<Facts[]> {
  if (rotations.length === 0) return []
  const keyIds = rotations.flatMap((rotation) => [rotation.predecessorId, rotation.successorId])
  const snapshots = await keySnapshotsOf(db, keyIds, now)
  const accepted = await acceptedOf(db, rotations, snapshots, now)
  const flushedUntil = await readFlushedThrough(db)
  return rotations.map((rotation) => {
    const [old, next] = [snapshots.get(rotation.predecessorId)!, snapshots.get(rotation.successorId)!]
    const seen = rotation.usedAt && next.revealedAt && rotation.usedAt >= next.revealedAt
    const usedAt = seen ? rotation.usedAt : accepted.has(next.id) ? now : null
    return { old, next, usedAt, dueAt: rotation.dueAt, flushedUntil, now }
  })
}

/** The new keys that were accepted since they were revealed, among those of which it is not known yet. */
async function acceptedOf(
  db: Executor,
  rotations: readonly Rotation[],
  snapshots: ReadonlyMap<string, KeySnapshot>,
  now: Date,
): Promise<Set<string>> {
  const open = rotations
    .map((rotation) => snapshots.get(rotation.successorId)!)
    .filter((next) => next.revealedAt !== null && next.lastUsedAt !== null)
  if (open.length === 0) return new Set()
  const since = new Date(Math.min(...open.map((next) => next.revealedAt!.getTime())))
  const ids = open.map((next) => next.id)
  // Counts may be stamped with a clock that is a little ahead.
  const until = new Date(now.getTime() + hourMs)
  const rows = await trafficOf(db, ids, since, until, 'day')
  return new Set(rows.filter((row) => row.requests > row.refused).map((row) => row.keyId))
}
