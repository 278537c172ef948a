import { forgetWatched } from '../src/anomaly/retention.ts'
import { forgetTokenMessages } from '../src/keys/token-messages.ts'
import { pruneChanges } from '../src/leases/prune.ts'
import { forgetOld } from '../src/outbox/retention.ts'
import { forgetBatches } from '../src/usage/outcomes.ts'
import { forgetRecent } from '../src/usage/recent.ts'
import { forgetSpread } from '../src/usage/spread.ts'
import type { JobContext } from './engine/job.ts'

/** Which requests, letters, last requests and times of unusual use are so old that nothing asks about them any more? */
export async function retention({ world }: JobContext): Promise<void> {
  const gone = await forgetOld(world.db, world.clock.now())
  await pruneChanges(world.db)
  await forgetTokenMessages(world.db, world.clock.now())
  await forgetRecent(world.db, world.clock.now())
  await forgetBatches(world.db, world.clock.now())
  await forgetSpread(world.db, world.clock.now())
  await forgetWatched(world.db, world.clock.now())
  if (gone > 0)
    world.log.info({ event: 'retention.deleted', rows: gone }, 'deleted old requests and messages')
}
