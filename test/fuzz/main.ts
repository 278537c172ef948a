import { parseArgs } from 'node:util'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { startRedis } from '../../sandbox/services/redis.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { runFuzz, tableOf } from './run.ts'

/** `npm run fuzz -- --cases N [--seed S]`: every way in. Prints a table, and JSON as the last line. */
const { values } = parseArgs({ options: { cases: { type: 'string' }, seed: { type: 'string' } } })
const cases = Number(values.cases ?? 10_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
if (!(cases > 0) || !Number.isInteger(seed)) throw new Error('Say --cases N and --seed S, whole numbers.')
const [postgres, redis] = await Promise.all([
  startPostgres({ durable: false, own: true }),
  startRedis({ own: true }),
])
try {
  await migrate(postgres.url)
  const report = await runFuzz(
    { databaseUrl: postgres.url, redisUrl: redis.url },
    { cases, seed, log: console.log },
  )
  for (const example of report.examples) console.log(`${example}\n`)
  console.log(tableOf(report))
  const { rows: _, examples: __, ...figures } = report
  console.log(JSON.stringify({ fuzz: 'doors', ...figures }))
  process.exitCode = report.ok ? 0 : 1
} finally {
  await Promise.all([postgres.stop(), redis.stop()])
}
