import { startPostgres } from '../../../sandbox/services/postgres.ts'
import { startRedis } from '../../../sandbox/services/redis.ts'
import { migrate } from '../../../src/foundation/migrate.ts'
import type { Role } from './fleet.ts'
import { isGood, type Report, runRolling } from './run.ts'

const counts = { bot: 2, worker: 2, verify: 4 }
const groups = Object.entries(counts).flatMap(([role, count]) =>
  Array.from({ length: count }, (_, n) => [[role as Role, n] as const]),
)

/** `npm run faults:rolling [http|socket]`: a table, and JSON as the last line. */
const wanted = process.argv[2]
const reports: (Report & { mode: string })[] = []
for (const mode of ['http', 'socket'] as const) {
  if (wanted && wanted !== mode) continue
  const [postgres, redis] = await Promise.all([
    startPostgres({ durable: false, own: true }),
    startRedis({ own: true }),
  ])
  try {
    await migrate(postgres.url)
    const report = await runRolling(
      { databaseUrl: postgres.url, redisUrl: redis.url },
      { mode, counts, groups, drainSeconds: 2 },
      console.log,
    )
    reports.push({ mode, ...report })
  } finally {
    await Promise.all([postgres.stop(), redis.stop()])
  }
}
const rows = reports.map((report) =>
  Object.fromEntries(
    Object.entries(report).map(([name, value]) => [name, Array.isArray(value) ? value.length : value]),
  ),
)
const names = Object.keys(rows[0] ?? {})
for (const name of names) console.log(name.padEnd(16), ...rows.map((row) => String(row[name]).padStart(8)))
for (const report of reports)
  for (const [name, value] of Object.entries(report))
    if (Array.isArray(value)) for (const line of value) console.log(`${report.mode} ${name}: ${line}`)
const ok = reports.length > 0 && reports.every(isGood)
console.log(JSON.stringify({ faults: 'rolling', ok, runs: rows }))
process.exitCode = ok ? 0 : 1
