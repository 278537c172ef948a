import { idle } from '../src/findings/idle.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys has nobody used for as long as the policy allows? */
export async function idleKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, idle)) > 0) await deliver()
}
