import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { sharedKey } from '../src/findings/shared-key.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys did several systems use within one hour of the last day? */
export async function sharedKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, sharedKey)) > 0) await deliver()
}
