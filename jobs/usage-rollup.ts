import { openDatabase } from '../src/foundation/database.ts'
import { mergeUsage } from '../src/usage/merge.ts'
import { keepPartitions, keptDays } from '../src/usage/partitions.ts'
import { rollUp } from '../src/usage/roll-up.ts'
import type { JobContext } from './engine/job.ts'

/** Which past hours and days of usage are not yet rolled up, and which partitions are missing or out of date? */
export async function usageRollup({ world }: JobContext): Promise<void> {
  // After a month of downtime a statement may take very long.
  const db = openDatabase(world.config.databaseUrl, {
    connections: 1,
    name: 'keywarden usage',
    patient: true,
  })
  try {
    const now = world.clock.now()
    await mergeUsage(db)
    const written = await rollUp(db, now)
    const { made, dropped } = await keepPartitions(db, now, { ...keptDays, days: world.config.usageDays })
    if (written + made + dropped > 0)
      world.log.info({ event: 'usage.rolled_up', written, made, dropped }, 'rolled up usage')
  } finally {
    await db.destroy()
  }
}
