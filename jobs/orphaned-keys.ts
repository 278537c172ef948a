import { orphaned } from '../src/findings/orphaned.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys belong to somebody who has left? */
export async function orphanedKeys({ world, deliver }: JobContext): Promise<void> {
  if ((await reconcileEverywhere(world, orphaned)) > 0) await deliver()
}
