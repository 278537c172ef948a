import pMap from 'p-map'
import { lastingTrouble } from '../../src/foundation/lasting-trouble.ts'
import type { Log } from '../../src/foundation/log.ts'
import * as product from '../timetable.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'
import { openQueue } from './queue.ts'
import { startWatchdog } from './watchdog.ts'

/** `without`: the names of jobs that are left out. `atOnce`: how many run side by side; one unless given. */
export type TimetableOptions = { without?: ReadonlySet<string>; atOnce?: number }

export type RunningWorker = {
  /** runs every job once, under its claim, and what sends their messages last; for the demo's calendar */
  runTimetable(options?: TimetableOptions): Promise<void>
  /** whether Redis takes what the queue needs, as far as is known */
  isRedisUp(): boolean
  stop(): Promise<void>
}

/** The worker: the timetable through BullMQ, and the watchdog beside it. */
export function openWorker(context: JobContext, wanted = product.timetable): RunningWorker {
  const timetable = wanted.map((job) => sayingFailures(job, context.world.log))
  const queue = openQueue(timetable, context)
  const watchdog = startWatchdog(timetable, context, queue)
  return {
    async runTimetable({ without, atOnce = 1 } = {}) {
      const jobs = timetable.filter(({ name }) => !without?.has(name))
      const sends = ({ name }: Job) => name === 'deliver-alerts'
      const run = (job: Job) => runUnderClaim(job, context)
      await pMap(
        jobs.filter((job) => !sends(job)),
        run,
        { concurrency: atOnce },
      )
      for (const job of jobs.filter(sends)) await run(job)
    },
    isRedisUp: () => !queue.isOut(),
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
