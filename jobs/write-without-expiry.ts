import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import { writeWithoutExpiry } from '../src/findings/write-without-expiry.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys may write and never expire? */
export async function writeKeysWithoutExpiry({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, writeWithoutExpiry)) > 0) await deliver()
}
