import * as product from '../timetable.ts'
import { runUnderClaim } from './claim.ts'
import type { JobContext } from './job.ts'
import { openQueue } from './queue.ts'
import { startWatchdog } from './watchdog.ts'

export type RunningWorker = {
  /** runs every job once, in the timetable's order, under its claim; for the demo's calendar */
  runTimetable(): Promise<void>
  stop(): Promise<void>
}

/** The worker: the timetable through BullMQ, and the watchdog beside it. */
export function openWorker(context: JobContext, timetable = product.timetable): RunningWorker {
  const queue = openQueue(timetable, context)
  const watchdog = startWatchdog(timetable, context, queue)
  return {
    async runTimetable() {
      for (const job of timetable) await runUnderClaim(job, context)
    },
    async stop() {
      await watchdog.stop()
      await queue.close()
    },
  }
}
