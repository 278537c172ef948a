import type { Database } from './database.ts'

/** At most this many rows in one statement, so that no lock is held for long. */
const batchSize = 5_000

/**
 * Repeats a deletion until it finds less than a batch; its last parameter is how many rows to take. Returns how many
 * rows went.
 */
export async function inBatches(
  db: Database,
  statement: string,
  ...values: (string | Date)[]
): Promise<number> {
  for (let gone = 0; ; ) {
    const { rowCount } = await db.raw(statement, [...values, batchSize])
    gone += rowCount
    if (rowCount < batchSize) return gone
  }
}
