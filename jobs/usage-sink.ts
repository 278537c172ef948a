import { sendUsage } from '../src/usage/sink.ts'
import type { JobContext } from './engine/job.ts'

/** Which counted usage has not yet left for the other store? */
export async function usageSink({ world }: JobContext): Promise<void> {
  await sendUsage(world)
}
