import { carryOut } from '../src/offboarding/execute.ts'
import type { JobContext } from './engine/job.ts'

/** Which leavers still have a key that is neither refused nor rotating, and who has not been told? */
export async function offboarding({ world, offboard }: JobContext): Promise<void> {
  if (offboard) await offboard()
  else await carryOut(world)
}
