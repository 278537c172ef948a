import { expiring } from '../src/findings/expiring.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys stop working within 30, 14, 7, 3 or 1 days, or have stopped while still switched on? */
export async function expiringKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, expiring)) > 0) await deliver()
}
