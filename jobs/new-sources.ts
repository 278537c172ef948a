import { quarantineLeaked } from '../src/anomaly/quarantine.ts'
import { watchSources } from '../src/anomaly/watch-sources.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { unusualUse } from '../src/findings/unusual-use.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys are used by somebody who never used them before, and unlike those who do? */
export async function newSources({ world, deliver }: JobContext): Promise<void> {
  if ((await watchSources(world)) === 0) return
  const quarantined = await quarantineLeaked(world)
  if ((await reconcileEverywhere(world, unusualUse)) + quarantined > 0) await deliver()
}
