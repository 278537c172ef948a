import { confirmLeaks, executeLeaks, hasWork } from '../src/leaks/act.ts'
import type { JobContext } from './engine/job.ts'

/** Real milliseconds. */
const confirmWithinMs = 20_000

/** Which reported keys has nobody acted on yet, and which ends are not confirmed by every verifier? */
export async function leaks({ world, leaks: run }: JobContext): Promise<void> {
  if (!(await hasWork(world))) return
  if (run) return run()
  await executeLeaks(world)
  await confirmLeaks(world, { withinMs: confirmWithinMs })
}
