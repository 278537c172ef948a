import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pMap from 'p-map'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { stateBytes } from '../../src/anomaly/detector/state.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { administer, databaseUrl } from '../../test/setup/administer.ts'
import { bucketMs, chosen, fillProduction, startMs } from './fill.ts'

/**
 * One run of the job: how many keys had requests in its five minutes, whether they are those of the run before, and what
 * stepping them took.
 */
export type ProductionRun = {
  active: number
  isAgain: boolean
  keys: number
  seconds: number
  /** what reading and writing the states of as many keys alone took: of others the first time, of the same ones again */
  bareSeconds?: number
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
  // Other keys, as in the first run of so many; then the same ones again, as in the last.
  const bare = await restKeys(db, sizes)
  for (const run of runs.slice(-2)) run.bareSeconds = await readAndWrite(db, bare)
  await db.destroy()
  return runs
}

/** As many keys as the last run had, of those that no run had. */
async function restKeys(db: Database, sizes: readonly number[]): Promise<string[]> {
  const { count } = (await db.raw('select count(*) from anomaly_states')).rows[0]
  const share = (size: number) => Math.round((100 * size) / Number(count))
  const used = sizes.map(share).reduce((sum, one) => sum + one, 0)
  const { rows } = await db.raw(`select id from ${chosen.replace('$1', '?').replace('$2', '?')}`, [
    used,
    used + share(sizes.at(-1)!),
  ])
  return rows.map(({ id }: { id: string }) => id)
}

/** The bytes of these states, a thousand at a time and four times at once as in the job, without any other work. */
async function readAndWrite(db: Database, keyIds: readonly string[]): Promise<number> {
  const started = performance.now()
  const batches = Array.from({ length: Math.ceil(keyIds.length / 1_000) }, (_, i) =>
    keyIds.slice(i * 1_000, (i + 1) * 1_000),
  )
  await pMap(
    batches,
    async (ids) => {
      const { rows } = await db.raw('select key_id, state from anomaly_states where key_id = any(:ids)', {
        ids,
      })
      const read = rows as { key_id: string; state: Buffer }[]
      await db.transaction(async (trx) => {
        await trx.raw('set local synchronous_commit = off')
        await trx.raw(
          `update anomaly_states s set state = substr(:states::bytea, 1 + (n::int - 1) * :size::int, :size::int)
           from unnest(:keys::text[]) with ordinality as u (key_id, n) where s.key_id = u.key_id`,
          {
            states: Buffer.concat(read.map(({ state }) => state)),
            size: stateBytes,
            keys: read.map(({ key_id: id }) => id),
          },
        )
      })
    },
    { concurrency: 4 },
  )
  return (performance.now() - started) / 1000
}

if (process.send && process.argv[2]) {
  process.send(await work(process.argv[2], (process.argv[3] ?? '').split(',').map(Number)))
  process.disconnect()
}
