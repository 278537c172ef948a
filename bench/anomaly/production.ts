import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { administer, databaseUrl } from '../../test/setup/administer.ts'
import { bucketMs, fillProduction, startMs } from './fill.ts'

/**
 * One run of the job: how many keys had requests in its five minutes, whether they are those of the run before, and what
 * stepping them took.
 */
export type ProductionRun = {
  active: number
  isAgain: boolean
  keys: number
  seconds: number
  rssMegabytes: number
}

/**
 * The job as production runs it, in a process of its own on a Postgres that waits for its disk: so many keys with a state
 * of 40 days each, of which some had requests in the last five minutes. One run for each number of active keys, always of
 * other keys, as after a long pause; then one more of the last's, as every five minutes.
 */
export async function measureProduction(keys: number, sizes: readonly number[]): Promise<ProductionRun[]> {
  const postgres = await startPostgres({ durable: true, own: true, log: () => undefined })
  try {
    await administer(postgres.url, 'create database anomaly')
    const url = databaseUrl(postgres.url, 'anomaly')
    await fillProduction(url, keys, sizes)
    return await runChild(url, sizes)
  } finally {
    await postgres.stop()
  }
}

async function runChild(url: string, sizes: readonly number[]): Promise<ProductionRun[]> {
  const child = fork(fileURLToPath(import.meta.url), [url, sizes.join(',')], {
    execArgv: ['--import', 'tsx'],
  })
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the worker ended with ${code}`)),
  )
  ended.catch(() => undefined)
  const [runs] = (await Promise.race([once(child, 'message'), ended])) as [ProductionRun[]]
  return runs
}

async function work(url: string, sizes: readonly number[]): Promise<ProductionRun[]> {
  const db = openDatabase(url, { connections: 8, name: 'bench worker' })
  let rss = 0
  const watching = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage().rss)
  }, 20)
  const runs: ProductionRun[] = []
  for (const [i, active] of [...sizes, sizes.at(-1)!].entries()) {
    const isAgain = i === sizes.length
    const clock = { now: () => new Date(startMs + (i + 1) * bucketMs + 61_000) }
    const started = performance.now()
    const { keys, left } = await watchUse({ db, clock, random: systemRandom })
    if (left > 0) throw new Error(`${left} keys were left`)
    const seconds = (performance.now() - started) / 1000
    runs.push({
      active,
      isAgain,
      keys,
      seconds,
      rssMegabytes: Math.max(rss, process.memoryUsage().rss) / 2 ** 20,
    })
  }
  clearInterval(watching)
  await db.destroy()
  return runs
}

if (process.send && process.argv[2]) {
  process.send(await work(process.argv[2], (process.argv[3] ?? '').split(',').map(Number)))
  process.disconnect()
}
