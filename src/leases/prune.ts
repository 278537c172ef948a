import type { Executor } from '../foundation/database.ts'
import { weekMs } from '../foundation/time.ts'

/** Receipts can be asked for as long; the audit keeps them for good. */
const keptMs = weekMs
const batchSize = 5_000

/**
 * Forgets changes that nobody has to learn any more: confirmed, acknowledged by every verifier that has a lease, and
 * a week old (in the database's own time, as everything about leases). @returns how many
 */
export async function pruneChanges(db: Executor, olderThanMs = keptMs): Promise<number> {
  for (let gone = 0; ; ) {
    const { rows } = await db.raw('select prune_changes(?, ?) as gone', [olderThanMs, batchSize])
    gone += rows[0].gone
    if (rows[0].gone < batchSize) return gone
  }
}
