import { setTimeout } from 'node:timers/promises'
import { type JobSchedulerJson, Queue, Worker } from 'bullmq'
import { openRedis } from '../../src/foundation/redis.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'

const queueName = 'keywarden'

/** Real milliseconds in which BullMQ may say goodbye to Redis. */
const timeoutMs = 1_000

/** What of a run stays in Redis once it has ended. */
const kept = { removeOnComplete: 10, removeOnFail: 50 }

export type JobQueue = {
  /** puts in place whatever schedule of the timetable is missing, changed or without a next run, and no other */
  repair(): Promise<void>
  close(): Promise<void>
}

/**
 * Runs the timetable through BullMQ. Schedules are put in place at start and on every `ready` of the connection,
 * since a restart without persistence makes them vanish silently.
 */
export function openQueue(timetable: readonly Job[], context: JobContext, prefix = 'keywarden'): JobQueue {
  const { world } = context
  const connection = openRedis(world.config.redisUrl, world.log)
  const queue = new Queue(queueName, { connection, prefix })
  const running = new Set<Promise<unknown>>()
  const worker = new Worker(
    queueName,
    async ({ name }) => {
      const job = timetable.find((candidate) => candidate.name === name)
      if (!job) return
      const run = runUnderClaim(job, context).finally(() => running.delete(run))
      running.add(run)
      await run
    },
    { connection, prefix, concurrency: timetable.length },
  )
  worker.on('failed', (job, error) =>
    world.log.error({ event: 'job.failed', job: job?.name, error: error.message }, 'a job failed'),
  )
  // Outages are logged by the connection itself.
  worker.on('error', () => undefined)
  queue.on('error', () => undefined)

  const repair = async () => {
    if (connection.status !== 'ready') return
    await Promise.all(timetable.map((job) => putInPlace(queue, job)))
  }
  connection.on('ready', () => {
    repair().catch((error) =>
      world.log.warn(
        { event: 'job.scheduling_failed', error: String(error) },
        'failed to schedule the jobs in redis',
      ),
    )
  })
  return {
    repair,
    async close() {
      const isOut = connection.status !== 'ready'
      const closed = Promise.allSettled([worker.close(isOut), queue.close()])
      await Promise.allSettled(running)
      // BullMQ waits for a Redis that is out; once our own runs have ended nothing is worth waiting for.
      await Promise.race([closed, setTimeout(timeoutMs, undefined, { ref: false })])
      connection.disconnect()
    },
  }
}

/**
 * A schedule that is in place is left alone: BullMQ drops the run that is due or waits when one is put in place again, and
 * the watchdog looks at the second at which most are due.
 */
async function putInPlace(queue: Queue, job: Job): Promise<void> {
  const existing = await queue.getJobScheduler(job.name)
  if (existing && isAsInTimetable(existing, job)) {
    const next = nextRunOf(existing)
    if (!hasEnded(await queue.getJobState(next))) return
    // A run that has begun since was given a successor before it began.
    const now = await queue.getJobScheduler(job.name)
    if (!now || nextRunOf(now) !== next) return
    // Whatever is left of a lost run would be in the way of another for the same time.
    await queue.removeJobScheduler(job.name)
    await queue.remove(next)
  }
  await queue.upsertJobScheduler(
    job.name,
    { pattern: job.cron, tz: job.timeZone },
    { name: job.name, opts: kept },
  )
}

const isAsInTimetable = ({ name, pattern, tz, template }: JobSchedulerJson, job: Job): boolean =>
  name === job.name &&
  pattern === job.cron &&
  tz === job.timeZone &&
  template?.opts?.removeOnComplete === kept.removeOnComplete &&
  template.opts.removeOnFail === kept.removeOnFail

/** BullMQ's id of the run that a schedule waits for. */
const nextRunOf = ({ key, next }: JobSchedulerJson): string => `repeat:${key}:${next}`

const hasEnded = (state: string): boolean => ['completed', 'failed', 'unknown'].includes(state)
