import { setTimeout } from 'node:timers/promises'
import { type JobSchedulerJson, Queue, Worker } from 'bullmq'
import { openRedis } from '../../src/foundation/redis.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'

const queueName = 'keywarden'

/** Real milliseconds that BullMQ may take to close its connection to Redis. */
const timeoutMs = 1_000

/** How many ended runs stay in Redis. */
const kept = { removeOnComplete: 10, removeOnFail: 50 }

export type JobQueue = {
  /** restores each schedule that is missing, changed or without a next run, and no other */
  repair(): Promise<void>
  close(): Promise<void>
}

/**
 * Runs the timetable through BullMQ. Schedules are restored at start and on every `ready` of the connection, since a
 * Redis restart without persistence loses them silently.
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
      // BullMQ waits for a Redis that is down; once our own runs have ended there is no reason to.
      await Promise.race([closed, setTimeout(timeoutMs, undefined, { ref: false })])
      connection.disconnect()
    },
  }
}

/**
 * Leaves a correct schedule alone: restoring it makes BullMQ drop a run that is due or waiting, and the watchdog
 * checks at the second at which most are due.
 */
async function putInPlace(queue: Queue, job: Job): Promise<void> {
  const existing = await queue.getJobScheduler(job.name)
  if (existing && isAsInTimetable(existing, job)) {
    const next = nextRunOf(existing)
    if (!hasEnded(await queue.getJobState(next))) return
    // A run that has begun since then already has a successor.
    const now = await queue.getJobScheduler(job.name)
    if (!now || nextRunOf(now) !== next) return
    // The remains of a lost run would block another for the same time.
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

/** BullMQ's id of a schedule's next run. */
const nextRunOf = ({ key, next }: JobSchedulerJson): string => `repeat:${key}:${next}`

const hasEnded = (state: string): boolean => ['completed', 'failed', 'unknown'].includes(state)
