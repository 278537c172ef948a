import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { unconfirmed } from '../src/findings/unconfirmed.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys has nobody confirmed in the time of the review, or did somebody say are not needed? */
export async function unconfirmedKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, unconfirmed)) > 0) await deliver()
}
