import { wakeSnoozed } from '../src/findings/wake.ts'
import type { JobContext } from './engine/job.ts'

/** Which snoozes are over while their finding still stands? */
export async function endedSnoozes({ world, deliver }: JobContext): Promise<void> {
  if ((await wakeSnoozed(world)) > 0) await deliver()
}
