import { CronExpressionParser } from 'cron-parser'
import type { World } from '../../src/foundation/world.ts'
import type { Job, JobContext } from './job.ts'

/** Real seconds: long enough for a slow run to extend it twice, short enough to recover within a minute. */
const claimSeconds = 20

/**
 * Runs a job under its claim, for BullMQ, the watchdog or the demo's calendar. While one process holds the claim no
 * other runs the job; the claim of a process that died expires. The fence number keeps a run that lost its claim from
 * recording its end. Returns whether the job ran.
 * @param slot the time of the schedule that this run is for, by the machine's clock: once its run or that of a later one
 *   has ended it is not run again, although a Redis that lost its latest writes may ask for it
 * @throws the job's error, after recording it
 */
export async function runUnderClaim(job: Job, context: JobContext, slot?: Date): Promise<boolean> {
  const { db, clock, log } = context.world
  const fence = await claim(context.world, job, slot)
  if (fence === undefined) return false
  const extending = setInterval(
    () => {
      extend(context.world, job, fence).catch((error) =>
        log.warn(
          { event: 'job.claim_extension_failed', job: job.name, error: String(error) },
          'failed to extend the claim on a running job',
        ),
      )
    },
    (claimSeconds * 1000) / 3,
  )
  try {
    await job.run(context)
    await finish({ finished_at: clock.now(), error: null })
  } catch (error) {
    await finish({ failed_at: clock.now(), error: String(error).slice(0, 500) })
    throw error
  } finally {
    clearInterval(extending)
  }
  return true

  async function finish(end: Record<string, unknown>) {
    await db('job_runs')
      .where({ job: job.name, fence })
      .update({ claimed_until: null, ...(slot ? { last_slot: slot } : {}), ...end })
  }
}

async function claim({ db, clock }: World, job: Job, slot?: Date): Promise<number | undefined> {
  const now = clock.now()
  const { rows } = await db.raw(
    `insert into job_runs (job, fence, claimed_until, started_at, next_due_at, late_seconds)
     values (:job, 1, clock_timestamp() + make_interval(secs => :seconds), :now, :next, :late)
     on conflict (job) do update set fence = job_runs.fence + 1, claimed_until = excluded.claimed_until,
       started_at = excluded.started_at, next_due_at = excluded.next_due_at, late_seconds = excluded.late_seconds
     where (job_runs.claimed_until is null or job_runs.claimed_until < clock_timestamp())
       and not coalesce(:slot <= job_runs.last_slot
         and job_runs.last_slot < clock_timestamp() + interval '1 minute', false)
     returning fence`,
    {
      job: job.name,
      seconds: claimSeconds,
      now,
      next: nextDue(job, now),
      late: job.lateSeconds,
      slot: slot ?? null,
    },
  )
  return rows[0]?.fence
}

/** The first time after that moment at which the timetable has the job. */
export const nextDue = (job: Job, after: Date): Date =>
  CronExpressionParser.parse(job.cron, { currentDate: after, tz: job.timeZone }).next().toDate()

async function extend({ db }: World, job: Job, fence: number): Promise<void> {
  await db.raw(
    `update job_runs set claimed_until = clock_timestamp() + make_interval(secs => ?) where job = ? and fence = ?`,
    [claimSeconds, job.name, fence],
  )
}
