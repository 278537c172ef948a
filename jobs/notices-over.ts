import { deactivateAfterNotice } from '../src/findings/after-notice.ts'
import { allWorkspaces } from '../src/workspaces/workspace.ts'
import type { JobContext } from './engine/job.ts'

/** Which keys are still idle or unconfirmed when the notice that they will be deactivated is over? */
export async function noticesOver({ world, deliver }: JobContext): Promise<void> {
  let paused = 0
  for (const workspace of await allWorkspaces(world.db))
    paused += await deactivateAfterNotice(world, workspace)
  if (paused > 0) await deliver()
}
