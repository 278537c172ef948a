import { lastingTrouble } from '../../src/foundation/lasting-trouble.ts'
import type { Log } from '../../src/foundation/log.ts'
import * as product from '../timetable.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'
import { openQueue } from './queue.ts'
import { startWatchdog } from './watchdog.ts'

export type RunningWorker = {
  /** runs every job once, in the timetable's order, under its claim; for the demo's calendar */
  runTimetable(): Promise<void>
  stop(): Promise<void>
}

/** The worker: the timetable through BullMQ, and the watchdog beside it. */
export function openWorker(context: JobContext, wanted = product.timetable): RunningWorker {
  const timetable = wanted.map((job) => sayingFailures(job, context.world.log))
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

/** Says when its runs begin to fail and when they succeed again, not each of them. */
function sayingFailures(job: Job, log: Log): Job {
  const failure = lastingTrouble({
    begun: (error) => log.error({ event: 'job.failed', job: job.name, error: String(error) }, 'a job failed'),
    ended: () => log.info({ event: 'job.succeeded_again', job: job.name }, 'a job that failed has succeeded'),
  })
  return {
    ...job,
    async run(context) {
      try {
        await job.run(context)
        failure.isOver()
      } catch (error) {
        // Of a process that stops there is nothing to report: the job is late and soon run elsewhere.
        if ((error as Error).name !== 'AbortError') failure.met(error)
        throw error
      }
    },
  }
}
