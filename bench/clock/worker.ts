import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runUnderClaim } from '../../jobs/engine/claim.ts'
import { openWorker } from '../../jobs/engine/worker.ts'
import { timetable } from '../../jobs/timetable.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { now } from './fill.ts'

/** What one worker process did: the jobs once with everything new, and once with nothing new. */
export type Run = {
  firstSeconds: number
  againSeconds: number
  opened: number
  messages: number
  rssMegabytes: number
  perJob: Record<string, number>
}

/** Runs every deadline job twice in a process of its own. */
export async function runChild(url: string): Promise<Run> {
  const child = fork(fileURLToPath(import.meta.url), [url], {
    execArgv: ['--import', 'tsx'],
    env: process.env,
  })
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the worker ended with ${code}`)),
  )
  ended.catch(() => undefined)
  const [run] = (await Promise.race([once(child, 'message'), ended])) as [Run]
  return run
}

/** What asks about the deadlines of keys; the others talk to Slack or keep the audit. */
const deadlineJobs = new Set([
  'expiring-keys',
  'rotation-due',
  'idle-keys',
  'write-without-expiry',
  'orphaned-keys',
  'dead-keys-in-use',
  'shared-keys',
  'unconfirmed-keys',
  'reviews',
  'notices-over',
  'ended-snoozes',
  'lapsed-keys',
])

async function work(url: string): Promise<Run> {
  const config = readConfig({ DATABASE_URL: url })
  const db = openDatabase(url, { connections: 4, name: 'bench worker' })
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const world = { config, db, log, random: systemRandom, clock: { now: () => now } }
  const context = { world, deliver: async () => undefined }
  let rss = 0
  const watching = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage().rss)
  }, 20)
  const perJob: Record<string, number> = {}
  const runAll = async () => {
    const started = performance.now()
    for (const job of timetable) {
      if (!deadlineJobs.has(job.name)) continue
      const begun = performance.now()
      await runUnderClaim(job, context)
      perJob[job.name] ??= performance.now() - begun
    }
    return (performance.now() - started) / 1000
  }
  const firstSeconds = await runAll()
  const againSeconds = await runAll()
  clearInterval(watching)
  const opened = Number((await db('findings').count('* as n'))[0]!.n)
  const messages = Number((await db('outbox').count('* as n'))[0]!.n)
  await db.destroy()
  rss = Math.max(rss, process.memoryUsage().rss)
  return { firstSeconds, againSeconds, opened, messages, rssMegabytes: rss / 2 ** 20, perJob }
}

// The worker loads what a real one loads, so that its memory is a real one's.
if (process.send && process.argv[2]) {
  void openWorker
  process.send(await work(process.argv[2]))
  process.disconnect()
}
