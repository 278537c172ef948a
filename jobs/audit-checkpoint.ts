import { takeCheckpoint } from '../src/audit/checkpoint.ts'
import type { JobContext } from './engine/job.ts'

/** Where does every chain of the audit end now? Signed, and kept outside the database. */
export async function auditCheckpoint({ world }: JobContext): Promise<void> {
  await takeCheckpoint(world)
}
