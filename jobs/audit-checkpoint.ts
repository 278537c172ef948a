import { putCheckpoints } from '../src/alerts/put-checkpoints.ts'
import { takeCheckpoint } from '../src/audit/checkpoint.ts'
import type { JobContext } from './engine/job.ts'

/**
 * Where does every audit chain end now? The answer is signed and kept outside the database: in a file and in a
 * channel.
 */
export async function auditCheckpoint({ world, deliver }: JobContext): Promise<void> {
  if ((await putCheckpoints(world, await takeCheckpoint(world))) > 0) await deliver()
}
