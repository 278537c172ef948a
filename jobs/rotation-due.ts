import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { rotationDue } from '../src/findings/rotation-due.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys come of age soon, have come of age, or are weeks past it? */
export async function rotationDueKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, rotationDue)) > 0) await deliver()
}
