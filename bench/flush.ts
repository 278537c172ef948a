/** npm run bench:flush: 10,000 distinct counters a second, in CPU of the verifier's counting and of Postgres. */
import { setTimeout as pause } from 'node:timers/promises'
import { openLog } from '../src/foundation/log.ts'
import { Counter } from '../src/usage/counter.ts'
import { startFlushing } from '../src/usage/flush.ts'
import { cpuSecondsOfTree } from './load/cpu.ts'
import { openStage } from './load/stage.ts'

const perSecond = 10_000
const seconds = Number(process.env.SECONDS ?? 30)
const stage = await openStage(100)
const counter = new Counter()
const flusher = startFlushing(counter, {
  databaseUrl: stage.postgres.url,
  clock: { now: () => new Date() },
  log: openLog({ level: 'warn', tokenPrefix: 'tml_' }),
  counterId: 'cnt_bench',
  name: 'bench',
})
const request = { endpoint: 'GET /v1/contacts', ip: '203.0.113.7', userAgent: 'python-requests/2.32.3' }
const counted = Array.from({ length: perSecond }, (_, i) => ({
  id: `key_${String((i * 7919) % 100_000).padStart(20, '0')}`,
}))

async function run(forSeconds: number): Promise<void> {
  for (let second = 0; second < forSeconds; second++) {
    const begun = performance.now()
    for (const key of counted) counter.count(key, request, 'VALID', Date.now())
    await pause(Math.max(0, 1_000 - (performance.now() - begun)))
  }
}

await run(3)
const before = { own: process.cpuUsage(), postgres: cpuSecondsOfTree(stage.postgres.pid()) }
const begun = performance.now()
await run(seconds)
const took = (performance.now() - begun) / 1000
const own = process.cpuUsage(before.own)
const figures = {
  countersPerSecond: perSecond,
  verifierPercent: Number((((own.user + own.system) / 1e6 / took) * 100).toFixed(1)),
  postgresPercent: Number(
    (((cpuSecondsOfTree(stage.postgres.pid()) - before.postgres) / took) * 100).toFixed(1),
  ),
}
await flusher.stop()
const { rows } = await stage.sql.query('select sum(requests)::int as counted from key_usage')
await stage.close()
console.table([figures])
const ok =
  figures.verifierPercent + figures.postgresPercent < 15 && rows[0].counted === perSecond * (seconds + 3)
console.log(JSON.stringify({ ok, ...figures, counted: rows[0].counted }))
process.exitCode = ok ? 0 : 1
