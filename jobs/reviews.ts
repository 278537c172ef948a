import { announceReview } from '../src/reviews/announce.ts'
import { beginWhenDue } from '../src/reviews/begin.ts'
import { allWorkspaces } from '../src/workspaces/workspace.ts'
import type { JobContext } from './engine/job.ts'

/** In which workspaces is a review due, and which owners in a running one have not been asked or reminded? */
export async function reviews({ world, deliver }: JobContext): Promise<void> {
  let messages = 0
  for (const workspace of await allWorkspaces(world.db)) {
    await beginWhenDue(world, workspace)
    messages += await announceReview(world, workspace)
  }
  if (messages > 0) await deliver()
}
