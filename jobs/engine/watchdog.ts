import cron from 'node-cron'
import { lastingTrouble } from '../../src/foundation/lasting-trouble.ts'
import type { World } from '../../src/foundation/world.ts'
import { nextDue, runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'
import type { JobQueue } from './queue.ts'

/** Together with the grace: no job is a minute late for want of Redis. */
const twiceAMinute = '*/30 * * * * *'

/** Within this time BullMQ starts what is due, also where the clocks of two machines differ a little. */
export const graceSeconds = 25

/** How long after its beginning a run that failed is tried again; Redis does not try it again. */
export const retrySeconds = (job: Job): number => job.lateSeconds / 2

/**
 * In every worker, twice a minute: compares the runs with the timetable, restores schedules, and runs overdue jobs
 * itself, under the same claim.
 */
export function startWatchdog(
  timetable: readonly Job[],
  context: JobContext,
  queue: JobQueue,
  every = twiceAMinute,
): { stop(): Promise<void> } {
  const { log } = context.world
  const blindness = lastingTrouble({
    begun: (error) =>
      log.error(
        { event: 'job.watchdog_failed', error: String(error) },
        'the watchdog cannot ask which jobs are overdue',
      ),
    ended: () =>
      log.info({ event: 'job.watchdog_works_again' }, 'the watchdog can ask again which jobs are overdue'),
  })
  const lateness = lastingTrouble({
    begun: (jobs) =>
      log.warn(
        { event: 'job.overdue', jobs },
        'jobs are overdue though Redis is there; the watchdog runs them',
      ),
    ended: () => log.info({ event: 'job.on_time_again' }, 'no job is overdue any more'),
  })
  const task = cron.schedule(every, check)
  // From now on a job that never ran can be late.
  noteUnseen(timetable, context.world).catch(blindness.met)

  async function check() {
    // Redis may hang; overdue work does not wait for it.
    void queue.repair()
    try {
      const overdue = await findOverdue(timetable, context.world)
      blindness.isOver()
      const missed = overdue.filter(({ hasFailed }) => !hasFailed).map(({ job }) => job.name)
      if (missed.length === 0) lateness.isOver()
      else if (!queue.isOut()) lateness.met(missed)
      await runAll(overdue, context)
    } catch (error) {
      blindness.met(error)
    }
  }
  return { stop: async () => void (await task.destroy()) }
}

/** Runs every job that is overdue. Returns the names of those that came to a good end. */
export const runOverdue = async (timetable: readonly Job[], context: JobContext): Promise<string[]> =>
  runAll(await findOverdue(timetable, context.world), context)

async function runAll(overdue: readonly Lateness[], context: JobContext): Promise<string[]> {
  const ran: string[] = []
  // A failed job must not delay the others; its row in job_runs has the error.
  for (const { job } of overdue) if (await runUnderClaim(job, context).catch(() => false)) ran.push(job.name)
  return ran
}

async function findOverdue(timetable: readonly Job[], world: World): Promise<Lateness[]> {
  await noteUnseen(timetable, world)
  return (await lateness(timetable, world)).filter(
    ({ job, lateSeconds, hasFailed }) => lateSeconds > (hasFailed ? retrySeconds(job) : graceSeconds),
  )
}

/**
 * Gives each job that never ran a row with its first time, so that from then on it can be late; and takes the rows of
 * jobs that no worker runs any more, since an upgrade took them out of the timetable.
 */
async function noteUnseen(timetable: readonly Job[], { db, clock }: World): Promise<void> {
  const now = clock.now()
  const rows = timetable.map((job) => ({
    ...{ job: job.name, next_due_at: nextDue(job, now), late_seconds: job.lateSeconds },
  }))
  await db('job_runs').insert(rows).onConflict('job').ignore()
  await db('job_runs')
    .whereNotIn(
      'job',
      timetable.map(({ name }) => name),
    )
    .whereRaw('next_due_at + make_interval(secs => late_seconds) < ?', [now])
    .delete()
}

export type Lateness = { job: Job; lateSeconds: number; hasFailed: boolean }

/**
 * How late each job is, in seconds of calendar time since the first run that was due and missing; 0 when none is. A
 * run that failed, or whose process died so that its claim expired, was due when it began.
 */
export async function lateness(
  timetable: readonly Job[],
  world: Pick<World, 'db' | 'clock'>,
): Promise<Lateness[]> {
  const rows = await world
    .db('job_runs')
    .select(
      'job',
      'started_at',
      'next_due_at',
      world.db.raw(
        'coalesce(claimed_until > clock_timestamp() or finished_at >= started_at, false) as counts',
      ),
    )
  const runs = new Map<string, Run>(rows.map((row) => [row.job, row]))
  const now = world.clock.now()
  return timetable.map((job) => {
    const run = runs.get(job.name)
    const lateMs = run ? now.getTime() - dueSince(job, run).getTime() : 0
    return {
      job,
      lateSeconds: Math.max(0, Math.floor(lateMs / 1000)),
      hasFailed: run?.started_at != null && !run.counts,
    }
  })
}

type Run = { started_at: Date | null; next_due_at: Date; counts: boolean }

function dueSince(job: Job, { started_at: started, next_due_at: first, counts }: Run): Date {
  if (!started) return first
  return counts ? nextDue(job, started) : started
}
