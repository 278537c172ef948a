import { deadKeyInUse } from '../src/findings/dead-key-in-use.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys were presented within the last day, though they had ended? */
export async function deadKeysInUse({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, deadKeyInUse)) > 0) await deliver()
}
