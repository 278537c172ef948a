import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { unconfirmed } from '../src/findings/unconfirmed.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys did nobody confirm within the review, or did an owner declare unneeded? */
export async function unconfirmedKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, unconfirmed)) > 0) await deliver()
}
