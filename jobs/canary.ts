import { type Limits, runCanary } from '../src/canary/run.ts'
import { canary as question } from '../src/findings/canary.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { JobContext } from './engine/job.ts'

/** Does every verifier accept a key that is good, and refuse it once its end is confirmed? */
export async function canary({ world, deliver }: JobContext, limits?: Limits): Promise<void> {
  if ((await runCanary(world, limits)) === undefined) return
  if ((await reconcileEverywhere(world, question)) > 0) await deliver()
}
