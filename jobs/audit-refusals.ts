import { sumUpRefusals } from '../src/audit/refusals.ts'
import type { JobContext } from './engine/job.ts'

/** How often was each refused attempt of the hours that are over repeated? */
export async function auditRefusals({ world }: JobContext): Promise<void> {
  await sumUpRefusals(world.db, world.clock.now())
}
