import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { rotationDue } from '../src/findings/rotation-due.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys are due for rotation soon, now, or since weeks ago? */
export async function rotationDueKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, rotationDue)) > 0) await deliver()
}
