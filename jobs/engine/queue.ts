import { setTimeout } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { openRedis } from '../../src/foundation/redis.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'

const queueName = 'keywarden'

/** Real milliseconds in which BullMQ may say goodbye to Redis. */
const patienceMs = 1_000

export type JobQueue = {
  /** puts every schedule of the timetable in place; harmless when it is there */
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
    world.log.error({ job: job?.name, error: error.message }, 'a job failed'),
  )
  // Outages are logged by the connection itself.
  worker.on('error', () => undefined)
  queue.on('error', () => undefined)

  const repair = async () => {
    if (connection.status !== 'ready') return
    for (const job of timetable)
      await queue.upsertJobScheduler(
        job.name,
        { pattern: job.cron, tz: job.timeZone },
        { name: job.name, opts: { removeOnComplete: 10, removeOnFail: 50 } },
      )
  }
  connection.on('ready', () => {
    repair().catch((error) => world.log.warn({ error: String(error) }, 'schedules could not be put in place'))
  })
  return {
    repair,
    async close() {
      const isOut = connection.status !== 'ready'
      const closed = Promise.allSettled([worker.close(isOut), queue.close()])
      await Promise.allSettled(running)
      // BullMQ waits for a Redis that is out; once our own runs have ended nothing is worth waiting for.
      await Promise.race([closed, setTimeout(patienceMs, undefined, { ref: false })])
      connection.disconnect()
    },
  }
}
