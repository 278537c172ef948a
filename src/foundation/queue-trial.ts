import { Queue, Worker } from 'bullmq'
import { newId } from './ids.ts'
import type { Random } from './random.ts'
import { openRedis } from './redis.ts'

/** Real milliseconds that a Redis may take for it. */
const timeoutMs = 5_000

/** Real milliseconds from one run of the trial's schedule to the next. */
const everyMs = 50

export type QueueAddress = { url: string; prefix: string }

/**
 * Runs a schedule of its own through BullMQ, twice, beside whatever else is there, and removes it: all that the timetable
 * needs of Redis. A Redis that answers PING and INFO may refuse all of that.
 * @throws the first error of Redis or of the way to it, and when there is no answer in time
 */
export async function tryQueue({ url, prefix }: QueueAddress, random: Random, signal?: AbortSignal) {
  const name = newId('trial', random)
  const connection = openRedis(url, { isOnce: true, connectTimeout: timeoutMs })
  const failing = new AbortController()
  const fail = (error: unknown) => failing.abort(error)
  const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
  const stop = () => fail(signal?.reason)
  signal?.addEventListener('abort', stop)
  connection.on('error', fail)
  let queue: Queue | undefined
  let worker: Worker | undefined

  async function runTwice() {
    await connection.connect()
    // BullMQ waits for a job only while there is none, which may not happen in a trial on a busy machine.
    await connection.bzpopmin(`${prefix}:${name}:marker`, 0.01)
    queue = new Queue(name, { connection, prefix })
    queue.on('error', fail)
    await queue.upsertJobScheduler(name, { every: everyMs })
    await new Promise<void>((resolve) => {
      let runs = 0
      const run = async () => void (++runs === 2 && resolve())
      worker = new Worker(name, run, { connection, prefix })
      worker.on('error', (error) => {
        // At once: BullMQ tries some errors again without a pause, and then nothing else would run.
        void worker?.close(true)
        fail(error)
      })
    })
    await worker?.close()
    await queue.obliterate({ force: true })
  }

  try {
    const failed = new Promise<never>((_, reject) => {
      failing.signal.addEventListener('abort', () => reject(failing.signal.reason))
    })
    await Promise.race([runTwice(), failed])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    void Promise.allSettled([worker?.close(true), queue?.close()])
    connection.disconnect()
  }
}
