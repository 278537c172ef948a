/**
 * npm run bench:usage: reading, summing up and taking in usage beside a past of 100,000 keys and 90 days. Seeding takes
 * a while; UNDER names a command that the measuring part runs under, such as one that waits for a quiet machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../test/setup/administer.ts'
import { report } from './table.ts'
import { benchNow, seed, sumUp } from './usage/seed.ts'

const size = { keys: Number(process.env.KEYS ?? 100_000), days: Number(process.env.DAYS ?? 90) }

const postgres = await startPostgres({ own: true, log: console.log })
try {
  await prepare()
  await postgres.restart()
  for (const name of ['bench_usage', 'bench_empty']) {
    await administer(postgres.url, `create database ${name}`)
    await migrate(databaseUrl(postgres.url, name))
  }
  const url = databaseUrl(postgres.url, 'bench_usage')
  const db = openDatabase(url, { connections: 1, name: 'bench seed', patient: true })
  const begun = performance.now()
  const { rows } = await seed(db, size)
  const weeks = await sumUp(db, size.days)
  const sizes = await sizesOf(db)
  await db.raw('vacuum analyze usage_hours, usage_days, usage_sources, keys, key_usage')
  await db.raw('checkpoint')
  await db.destroy()
  console.table(weeks)
  console.log(`seeded and summed up in ${Math.round((performance.now() - begun) / 1_000)} s`, sizes)
  const figures = await measure([url, databaseUrl(postgres.url, 'bench_empty')])
  const all = { bucketRows: rows, ...sizes, ...figures }
  const limits: [string, boolean][] = [
    [
      'panel p99 under 150 ms',
      ['24h', '7d', '30d', '90d'].every((range) => figures[`panel${range}P99Ms`]! < 150),
    ],
    [
      'digest under 3 s',
      ['digest', 'digestElsewhere'].every(
        (name) => figures[`${name}FirstSeconds`]! < 3 && figures[`${name}Seconds`]! < 3,
      ),
    ],
    ['20,000 events a second', figures.ingestEventsPerSecond! >= 19_000],
    ['exact', figures.ingestMissing === 0],
  ]
  for (const [claim, holds] of limits) console.log(`${holds ? 'holds ' : 'MISSED'} ${claim}`)
  report(
    'usage',
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { value }])),
    { ...all, weeks },
    limits.every(([, holds]) => holds),
  )
} finally {
  await postgres.stop()
}

/** Room to sort a week of rows in, and no log of what is loaded in one piece. */
async function prepare(): Promise<void> {
  for (const [name, value] of Object.entries({
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '8GB',
    shared_buffers: '2GB',
    checkpoint_timeout: '30min',
  }))
    await administer(postgres.url, `alter system set ${name} = '${value}'`)
}

async function sizesOf(db: ReturnType<typeof openDatabase>): Promise<Record<string, number>> {
  const { rows } = await db.raw(
    `select parent, sum(pg_total_relation_size(inhrelid)) as bytes, sum(c.reltuples)::bigint as rows
     from unnest(array['usage_buckets', 'usage_hours', 'usage_days']) as parent
     join pg_inherits on inhparent = parent::regclass join pg_class c on c.oid = inhrelid group by parent`,
  )
  return Object.fromEntries(
    rows.flatMap((row: { parent: string; bytes: string; rows: number }) => [
      [`${row.parent}Mb`, Math.round(Number(row.bytes) / 1e6)],
      [`${row.parent}Rows`, row.rows],
    ]),
  )
}

/** Runs the measuring part; when it asks for it, Postgres is killed as by a crash and started again. */
async function measure(urls: readonly string[]): Promise<Record<string, number>> {
  const under = process.env.UNDER?.split(' ') ?? []
  const parts = [
    ...[...under, process.execPath, '--import', 'tsx', 'bench/usage/measure.ts'],
    ...[...urls, benchNow.toISOString()],
  ]
  const child = spawn(parts[0]!, parts.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', async (chunk: Buffer) => {
    said += chunk
    if (!String(chunk).includes('RESTART')) return
    await postgres.kill()
    await postgres.restart()
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`Measuring ended with ${code}.\n${said}`)
  return JSON.parse(said.trim().split('\n').at(-1)!)
}
