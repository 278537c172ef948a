import { setTimeout as pause } from 'node:timers/promises'
import { type JobSchedulerJson, Queue, Worker } from 'bullmq'
import { lastingTrouble } from '../../src/foundation/lasting-trouble.ts'
import { tryQueue } from '../../src/foundation/queue-trial.ts'
import { openRedis } from '../../src/foundation/redis.ts'
import { runUnderClaim } from './claim.ts'
import type { Job, JobContext } from './job.ts'

const queueName = 'keywarden'

/** Real milliseconds that BullMQ may take to close its connection to Redis. */
const closeMs = 1_000

/** Real milliseconds before Redis is tried again, at first and at most. */
const shortestPauseMs = 250
const longestPauseMs = 15_000

/** Real milliseconds after which a refusal is a new trouble, not the one before. */
const steadyMs = 60_000

/**
 * Real milliseconds after which another worker may take a run whose worker said nothing more, and how often that is looked
 * for: a run that was begun as Redis refused to note the next one holds its schedule up until then.
 */
const silence = { lockDuration: 10_000, stalledInterval: 5_000 }

/** How many ended runs stay in Redis. */
const kept = { removeOnComplete: 10, removeOnFail: 50 }

export type JobQueue = {
  /** restores each schedule that is missing, changed or without a next run, and no other */
  repair(): Promise<void>
  /** whether Redis is known to be out, so that nobody but the watchdog runs the jobs */
  isOut(): boolean
  /** lets the runs that have begun come to their end, and begins no other */
  close(): Promise<void>
}

/** BullMQ on its connections, for as long as Redis takes its commands. */
type Session = {
  repair(): Promise<void>
  /** resolves with the first error by which Redis refuses what BullMQ needs, or with nothing when the queue is closed */
  refused: Promise<Error | undefined>
  close(): Promise<void>
}

/**
 * Runs the timetable through BullMQ. A Redis that refuses commands is like one that is gone: BullMQ, which would ask
 * again without a pause, is closed, and opened when a job of its own has gone through. Schedules are restored at
 * start and on every `ready` of the connection, since a Redis restart without persistence loses them silently.
 */
export function openQueue(timetable: readonly Job[], context: JobContext, prefix = 'keywarden'): JobQueue {
  const { config, log, random } = context.world
  const stopping = new AbortController()
  const running = new Set<Promise<unknown>>()
  let session: Session | undefined
  const trouble = lastingTrouble({
    begun: (error) =>
      log.warn(
        { event: 'redis.unavailable', error: error instanceof Error ? error.message : String(error) },
        'redis is unavailable; the watchdog runs the jobs',
      ),
    ended: () => log.info({ event: 'redis.available' }, 'redis is available again'),
  })
  const keeping = keepOpen()

  async function keepOpen() {
    let pauseMs = shortestPauseMs
    while (!stopping.signal.aborted) {
      const sinceMs = performance.now()
      await holdSession().catch((error) => !stopping.signal.aborted && trouble.met(error))
      if (performance.now() - sinceMs > steadyMs) pauseMs = shortestPauseMs
      await pause(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
      pauseMs = Math.min(2 * pauseMs, longestPauseMs)
    }
  }

  /** Resolves when this queue is closed. @throws what Redis refuses with, and what keeps a session from beginning */
  async function holdSession() {
    await tryQueue({ url: config.redisUrl, prefix }, random, stopping.signal)
    if (stopping.signal.aborted) return
    session = openSession()
    const refusal = await session.refused
    await session.close()
    session = undefined
    if (refusal) throw refusal
  }

  function openSession(): Session {
    const connection = openRedis(config.redisUrl)
    const queue = new Queue(queueName, { connection, prefix })
    const worker = new Worker(queueName, run, {
      ...{ connection, prefix, concurrency: timetable.length },
      ...silence,
    })
    let hasEnded = false
    let end: (refusal?: Error) => void = () => {}
    const refused = new Promise<Error | undefined>((resolve) => {
      end = (refusal) => {
        hasEnded = true
        resolve(refusal)
      }
    })
    stopping.signal.addEventListener('abort', () => end())
    const isLost = () => connection.status !== 'ready'
    const hear = (error: Error) => {
      if (hasEnded || !isRefusal(error)) return
      // At once: between two attempts BullMQ may let nothing else run.
      void worker.close(true)
      end(error)
    }
    worker.on('error', hear)
    queue.on('error', hear)
    const repair = async () => {
      if (isLost() || hasEnded) return
      await Promise.all(timetable.map((job) => putInPlace(queue, job))).then(
        () => !hasEnded && trouble.isOver(),
        // The loss of a connection has an event of its own.
        hear,
      )
    }
    connection.on('error', (error) => !hasEnded && trouble.met(error))
    connection.on('close', () => !hasEnded && trouble.met(new Error('the connection was lost')))
    connection.on('ready', () => void repair())
    return {
      repair,
      refused,
      async close() {
        const closed = Promise.allSettled([worker.close(isLost()), queue.close()])
        if (stopping.signal.aborted) await Promise.allSettled(running)
        // BullMQ waits for a Redis that is down; once our own runs have ended there is no reason to.
        await Promise.race([closed, pause(closeMs, undefined, { ref: false })])
        connection.disconnect()
      },
    }
  }

  async function run({ name, id }: { name: string; id?: string }) {
    const job = timetable.find((candidate) => candidate.name === name)
    if (!job) return
    const one = runUnderClaim(job, context, slotOf(id)).finally(() => running.delete(one))
    running.add(one)
    await one
  }

  return {
    repair: async () => session?.repair(),
    isOut: () => trouble.lasts,
    async close() {
      stopping.abort()
      await keeping
      await Promise.allSettled(running)
    },
  }
}

/** An answer of Redis, also as BullMQ reports it; what is said of a single job or of a connection is none. */
const isRefusal = ({ name, message }: Error): boolean =>
  name === 'ReplyError' || /^Redis version|: [A-Z]{2,} /.test(message)

/** The moment in BullMQ's id of a run. */
function slotOf(id = ''): Date | undefined {
  const [, ms] = /:(\d+)$/.exec(id) ?? []
  return ms ? new Date(Number(ms)) : undefined
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
