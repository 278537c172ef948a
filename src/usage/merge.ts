import type { Executor } from '../foundation/database.ts'

/** How many cells are merged in one transaction, about. */
export const flushesPerMerge = 200_000

/** Folds all flushes that wait by now into the tables of usage; those who ran for the last time may have left some. */
export async function mergeUsage(db: Executor): Promise<void> {
  for (;;) {
    const { rows } = await db.raw('select merge_usage(?, true) as is_more', [flushesPerMerge])
    if (!rows[0].is_more) return
  }
}
