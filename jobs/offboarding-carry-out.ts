import { carryOut } from '../src/offboarding/execute.ts'
import type { JobContext } from './engine/job.ts'

/** Which leavers still have a key that is neither refused nor rotating, and which reports are not posted yet? */
export async function offboarding({ world, offboard }: JobContext): Promise<void> {
  if (offboard) await offboard()
  else await carryOut(world)
}
