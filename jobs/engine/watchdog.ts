import { CronExpressionParser } from 'cron-parser'
import cron from 'node-cron'
import type { World } from '../../src/foundation/world.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'
import type { JobQueue } from './queue.ts'

/**
 * Every minute, in every worker: compares the runs with the timetable, restores schedules, and runs overdue jobs
 * itself, under the same claim. While Redis is down, each job is late by at most half of its limit and a minute.
 */
export function startWatchdog(
  timetable: readonly Job[],
  context: JobContext,
  queue: JobQueue,
  every = '* * * * *',
): { stop(): Promise<void> } {
  const { log } = context.world
  const task = cron.schedule(every, () =>
    check().catch((error) =>
      log.error(
        { event: 'job.watchdog_failed', error: String(error) },
        'the watchdog failed to run overdue jobs',
      ),
    ),
  )
  async function check() {
    // Redis may hang; overdue work does not wait for it.
    queue
      .repair()
      .catch((error) =>
        log.warn(
          { event: 'job.scheduling_failed', error: String(error) },
          'failed to schedule the jobs in redis',
        ),
      )
    await runOverdue(timetable, context)
  }
  return { stop: async () => void (await task.destroy()) }
}

/** Runs every job that is later than its limit. Returns their names. */
export async function runOverdue(timetable: readonly Job[], context: JobContext): Promise<string[]> {
  const ran: string[] = []
  for (const { job, lateSeconds } of await lateness(timetable, context.world)) {
    if (lateSeconds <= job.lateSeconds / 2) continue
    context.world.log.warn(
      { event: 'job.overdue', job: job.name, lateSeconds },
      'a job is overdue; the watchdog runs it',
    )
    try {
      if (await runUnderClaim(job, context)) ran.push(job.name)
    } catch (error) {
      // A failed job must not delay the others; its row in job_runs has the error.
      context.world.log.error({ event: 'job.failed', job: job.name, error: String(error) }, 'a job failed')
    }
  }
  return ran
}

/**
 * How late each job is, in seconds of calendar time since the first run that was due and missing; 0 when none is. A
 * run that failed, or whose process died so that its claim expired, was due when it began.
 */
export async function lateness(
  timetable: readonly Job[],
  world: Pick<World, 'db' | 'clock'>,
): Promise<{ job: Job; lateSeconds: number }[]> {
  const rows = await world
    .db('job_runs')
    .select(
      'job',
      'started_at',
      world.db.raw(
        'coalesce(claimed_until > clock_timestamp() or finished_at >= started_at, false) as counts',
      ),
    )
  const runs = new Map<string, Run>(rows.map((row) => [row.job, row]))
  const now = world.clock.now()
  return timetable.map((job) => {
    const lateMs = now.getTime() - dueSince(job, runs.get(job.name), now).getTime()
    return { job, lateSeconds: Math.max(0, Math.floor(lateMs / 1000)) }
  })
}

type Run = { started_at: Date; counts: boolean }

function dueSince(job: Job, last: Run | undefined, now: Date): Date {
  if (!last)
    return times(job, new Date(now.getTime() + 1))
      .prev()
      .toDate()
  return last.counts ? times(job, last.started_at).next().toDate() : last.started_at
}

const times = (job: Job, currentDate: Date) =>
  CronExpressionParser.parse(job.cron, { currentDate, tz: job.timeZone })
