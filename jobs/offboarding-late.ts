import { offboardingLate } from '../src/findings/offboarding-late.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys of leavers are not dealt with, though the policy's limit has passed? */
export async function offboardingsLate({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, offboardingLate)) > 0) await deliver()
}
