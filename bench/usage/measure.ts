/** The measuring part of `npm run bench:usage`, on a database that it has seeded. Prints its figures as its last line. */
import { setTimeout as pause } from 'node:timers/promises'
import { lastMonday } from '../../src/findings/digest.ts'
import { weekOfUse } from '../../src/findings/digest-use.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import { ranges, windowOf } from '../../src/usage/range.ts'
import { recentOf } from '../../src/usage/recent.ts'
import { workspaceSummaryOf, workspaceTrafficOf } from '../../src/usage/reports/workspace.ts'
import { rollUp } from '../../src/usage/roll-up.ts'
import { sourcesOf } from '../../src/usage/sources.ts'
import { summaryOf } from '../../src/usage/summary.ts'
import { trafficOf } from '../../src/usage/traffic.ts'
import { exerciseOf } from '../../src/verification/exercised.ts'
import { defaultRows, scopeTable } from '../../src/verification/scope-table.ts'
import { cpuSeconds } from '../load/cpu.ts'
import { startProduct } from '../load/server.ts'
import { percentile } from '../table.ts'
import { ingest } from './ingest.ts'
import { benchServiceToken, digestWorkspace } from './seed.ts'

const [url, emptyUrl, at] = process.argv.slice(2) as [string, string, string]
const now = new Date(at)
const dayMs = 86_400_000
const db = openDatabase(url, { connections: 6, name: 'bench' })
const empty = openDatabase(emptyUrl, { connections: 1, name: 'bench', patient: true })
const patient = openDatabase(url, { connections: 1, name: 'bench', patient: true })

async function panel(keyId: string, range: (typeof ranges)[number]): Promise<void> {
  const { from, to, step } = windowOf(range, now)
  await Promise.all([
    summaryOf(db, keyId, range, now),
    trafficOf(db, [keyId], from, to, step),
    recentOf(db, keyId, now, 10),
    sourcesOf(db, [keyId], from, to),
  ])
}

/** Milliseconds of each panel of the busy keys, by range; the first round warms up. */
async function panels() {
  const busy = await db('bench_keys').whereRaw('n % 1000 = 0').orderBy('n').pluck('id')
  const figures: Record<string, number> = {}
  for (const range of ranges) {
    const taken: number[] = []
    for (let round = 0; round < 5; round++)
      for (const keyId of busy) {
        const begun = performance.now()
        await panel(keyId, range)
        if (round > 0) taken.push(performance.now() - begun)
      }
    figures[`panel${range}P50Ms`] = percentile(taken, 0.5)
    figures[`panel${range}P99Ms`] = percentile(taken, 0.99)
  }
  return figures
}

/**
 * What the weekly digest and the workspace view read of ten thousand keys: the first time after Postgres was killed and
 * has nothing in its memory, and the slower of two times after that. A workspace whose days are not those of UTC
 * reads hours instead of days.
 */
async function digests() {
  const policy = readPolicy({})
  const week = (timeZone: string) => () =>
    weekOfUse(db, { id: digestWorkspace, policy: { ...policy, timeZone } }, lastMonday(timeZone, now).day)
  const { from, to, step } = windowOf('7d', now)
  const view = () =>
    Promise.all([
      workspaceSummaryOf(db, digestWorkspace, '7d', now),
      workspaceTrafficOf(db, digestWorkspace, from, to, step),
      exerciseOf(db, digestWorkspace, windowOf('30d', now), scopeTable(defaultRows)),
    ])
  const figures: Record<string, number> = {}
  for (const [name, read] of [
    ['digest', week('UTC')],
    ['digestElsewhere', week('Europe/Berlin')],
    ['workspaceView', view],
  ] as const) {
    await restarted()
    const seconds: number[] = []
    for (let round = 0; round < 3; round++) {
      const begun = performance.now()
      await read()
      seconds.push((performance.now() - begun) / 1_000)
    }
    figures[`${name}FirstSeconds`] = seconds[0]!
    figures[`${name}Seconds`] = Math.max(...seconds.slice(1))
  }
  return figures
}

/** Asks for a crash of Postgres, and waits until it is there again with each connection anew. */
async function restarted(): Promise<void> {
  const startedAt = () =>
    db.raw('select pg_postmaster_start_time() as at').then(({ rows }) => rows[0].at.getTime())
  const before = await startedAt()
  console.log('RESTART')
  while ((await startedAt().catch(() => before)) === before) await pause(200)
  await Promise.all(Array.from({ length: 6 }, () => db.raw('select pg_sleep(0.1)')))
}

/** Seconds to sum up one hour of so many rows, with and without the history beside it. */
async function rollups() {
  const figures: Record<string, number> = {}
  const hour = Math.ceil(now.getTime() / dayMs) * dayMs + dayMs
  const sizes = [25_000, 100_000, 400_000]
  for (const [i, rows] of sizes.entries()) {
    const from = new Date(hour + i * 3_600_000)
    const after = new Date(from.getTime() + 3_600_000 + 300_000)
    for (const [name, database] of [
      ['History', patient],
      ['Empty', empty],
    ] as const) {
      await rollUp(database, from)
      await fill(database, from, rows)
      const begun = performance.now()
      await rollUp(database, after)
      figures[`rollup${rows / 1_000}kRows${name}Seconds`] = (performance.now() - begun) / 1_000
    }
  }
  return figures
}

const fill = (database: Database, from: Date, rows: number) =>
  database.raw(
    `insert into usage_buckets select 'key_filled' || i / 10, ?::timestamptz + i % 10 * interval '5 minutes', 1,
       'verify', 2, 5 from generate_series(0, ?::int - 1) i order by 2`,
    [from, rows],
  )

/** A minute of outcomes, with a crash of Postgres in the middle, through one process of the product. */
async function ingested() {
  const keyIds = await db('bench_keys').where('n', '<', 20_000).orderBy('n').pluck('id')
  const counted = async () => {
    const since = new Date(now.getTime() - dayMs)
    const rows = await db('usage_buckets').where({ source: 'outcome' }).where('bucket', '>=', since).sum({
      sum: 'requests',
    })
    return Number(rows[0]!.sum ?? 0)
  }
  const before = await counted()
  const product = await startProduct(url)
  const rate = { eventsPerSecond: 20_000, seconds: 60 }
  const cpu = cpuSeconds(product.pid)
  const done = await ingest(product.url, benchServiceToken, keyIds, rate, async () => {
    console.log('RESTART')
  })
  const processCpuPercent = ((cpuSeconds(product.pid) - cpu) / done.seconds) * 100
  await product.stop()
  const missing = done.events - ((await counted()) - before)
  return {
    ingestEvents: done.events,
    ingestSeconds: done.seconds,
    ingestEventsPerSecond: done.eventsPerSecond,
    ingestBatchesSentAgain: done.refusals,
    ingestProcessCpuPercent: processCpuPercent,
    ingestMissing: missing,
  }
}

const figures = { ...(await panels()), ...(await digests()), ...(await ingested()), ...(await rollups()) }
console.log(JSON.stringify(figures))
await Promise.all([db.destroy(), patient.destroy(), empty.destroy()])
