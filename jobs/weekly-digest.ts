import { putDigests } from '../src/findings/digest.ts'
import type { JobContext } from './engine/job.ts'

/** In which workspaces is it Monday nine o'clock, or was it while nobody looked? */
export async function weeklyDigest({ world, deliver }: JobContext): Promise<void> {
  if ((await putDigests(world)) > 0) await deliver()
}
