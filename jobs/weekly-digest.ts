import { putDigests } from '../src/findings/digest.ts'
import type { JobContext } from './engine/job.ts'

/** In which workspaces is it past Monday nine o'clock without this week's digest? */
export async function weeklyDigest({ world, deliver }: JobContext): Promise<void> {
  if ((await putDigests(world)) > 0) await deliver()
}
