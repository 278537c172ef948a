import { forgetRequests } from '../src/acts/retention.ts'
import { forgetWatched } from '../src/anomaly/retention.ts'
import { forgetRuns } from '../src/canary/runs.ts'
import { forgetTokenMessages } from '../src/keys/token-messages.ts'
import { forgetReports } from '../src/leaks/retention.ts'
import { pruneChanges } from '../src/leases/prune.ts'
import { forgetMessages } from '../src/notifications/retention.ts'
import { forgetBatches } from '../src/usage/outcomes.ts'
import { forgetPanels } from '../src/usage/panels.ts'
import { forgetRecent } from '../src/usage/recent.ts'
import { forgetSpread } from '../src/usage/spread.ts'
import type { JobContext } from './engine/job.ts'

/** Which rows of each room are past their retention? */
export async function retention({ world: { db, clock } }: JobContext): Promise<void> {
  const now = clock.now()
  await forgetRequests(db, now)
  await forgetMessages(db, now)
  await pruneChanges(db)
  await forgetTokenMessages(db, now)
  await forgetRecent(db, now)
  await forgetPanels(db, now)
  await forgetBatches(db, now)
  await forgetSpread(db, now)
  await forgetWatched(db, now)
  await forgetReports(db, now)
  await forgetRuns(db, now)
}
