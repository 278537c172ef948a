import { endSnoozes } from '../src/findings/snoozes.ts'
import type { JobContext } from './engine/job.ts'

/** Which snoozes are over while their finding is still open? */
export async function endedSnoozes({ world, deliver }: JobContext): Promise<void> {
  if ((await endSnoozes(world)) > 0) await deliver()
}
