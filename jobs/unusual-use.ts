import { putFleetNotices } from '../src/anomaly/fleet-notices.ts'
import { quarantineLeaked } from '../src/anomaly/quarantine.ts'
import { watchUse } from '../src/anomaly/watch.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { unusualUse } from '../src/findings/unusual-use.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys are used as they never were, or have fallen silent? */
export async function unusualUseOfKeys({ world, deliver }: JobContext): Promise<void> {
  const { left } = await watchUse(world)
  if (left > 0) world.log.warn({ event: 'anomaly.backlog', left }, 'the detector left keys for its next run')
  const quarantined = await quarantineLeaked(world)
  const changed = (await reconcileEverywhere(world, unusualUse)) + (await putFleetNotices(world))
  if (changed + quarantined > 0) await deliver()
}
