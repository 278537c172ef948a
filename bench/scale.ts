/** npm run bench:scale: what more keys and more verifiers cost one Postgres, and how long a revoke takes then. */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { readConfig } from '../src/foundation/config.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { openLog } from '../src/foundation/log.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { systemRandom } from '../src/foundation/random.ts'
import { openWatcher } from '../src/leases/watcher.ts'
import { openVerifier, type Verifier } from '../src/verification/verifier.ts'
import { until } from '../test/faults/lab/lab.ts'
import { type LabKey, seedAccount, seedKeys, serviceToken } from '../test/faults/lab/seed.ts'
import { cpuSecondsOfTree, machineUse } from './load/cpu.ts'
import { percentile, report } from './table.ts'

const list = (text: string) => text.split(',').map(Number)
const keyCounts = list(process.env.KEYS ?? '1000,10000,100000,1000000')
const verifierCounts = list(process.env.VERIFIERS ?? '1,5,10,25,50')
const revokes = Number(process.env.REVOKES ?? 100)
const targetMs = 100

const postgres = await startPostgres({ own: true })
await migrate(postgres.url)
const sql = new pg.Client(postgres.url)
await sql.connect()
await seedAccount(sql)
const config = readConfig({ DATABASE_URL: postgres.url })
const world = {
  config,
  db: openDatabase(postgres.url, { connections: 4 }),
  log: openLog({ level: 'silent', tokenPrefix: config.tokenPrefix }),
  clock: { now: () => new Date() },
  random: systemRandom,
}
const machine = machineUse()

/** Bytes of the keys with their indexes, and the time of a verify that memory cannot answer, one after the other. */
async function measureKeys(count: number, there: number) {
  const keys = await seedKeys(sql, count - there, `s${count}_`)
  await sql.query('vacuum analyze keys')
  const { rows } = await sql.query(`select pg_total_relation_size('keys')::float8 as bytes`)
  const verifier = await openVerifier(world)
  const account = (await verifier.account(serviceToken))!
  const tookMs: number[] = []
  for (const key of some(keys, 500)) {
    const begun = performance.now()
    const { code } = await verifier.verify(account, { presented: key.token, endpoint: 'GET /v1/contacts' })
    if (code !== 'VALID') throw new Error(code)
    tookMs.push(performance.now() - begun)
  }
  await verifier.stop()
  const bytesPerKey = Math.round(rows[0].bytes / count)
  return {
    keys,
    figures: {
      keys: count,
      bytesPerKey,
      missP50Ms: percentile(tookMs, 0.5),
      missP99Ms: percentile(tookMs, 0.99),
    },
  }
}

const some = <T>(all: readonly T[], count: number): T[] =>
  Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor((i * all.length) / count)]!)

/** With so many verifiers that hold a lease: CPU of Postgres at rest, its connections, and how long a revoke takes. */
async function measureVerifiers(count: number, keys: LabKey[]) {
  const verifiers: Verifier[] = []
  for (let n = 0; n < count; n++) verifiers.push(await openVerifier(world))
  await until(async () => verifiers.every(({ knowledge }) => knowledge.learner.mayAnswer()), 50)
  await pause(2_000)
  const begunCpu = cpuSecondsOfTree(postgres.pid())
  const begunAt = performance.now()
  await pause(10_000)
  const restPercent =
    ((cpuSecondsOfTree(postgres.pid()) - begunCpu) / ((performance.now() - begunAt) / 1_000)) * 100
  const { rows } = await sql.query(
    'select count(*)::int as n from pg_stat_activity where client_port is not null',
  )
  const watcher = openWatcher(world)
  const tookMs: number[] = []
  for (let n = 0; n < revokes; n++) {
    const begun = performance.now()
    await sql.query(`update keys set status = 'revoked' where id = $1`, [keys.pop()!.id])
    const newest = await sql.query('select max(seq)::int as seq from changes')
    const receipt = await watcher.confirm(newest.rows[0].seq, 60_000)
    if (receipt.state !== 'confirmed') throw new Error(JSON.stringify(receipt))
    tookMs.push(performance.now() - begun)
    await pause(20)
  }
  await watcher.close()
  await Promise.all(verifiers.map((verifier) => verifier.stop()))
  await sql.query('delete from leases')
  return {
    verifiers: count,
    connections: rows[0].n,
    restPercent,
    revokeP50Ms: percentile(tookMs, 0.5),
    revokeP99Ms: percentile(tookMs, 0.99),
  }
}

const byKeys: Awaited<ReturnType<typeof measureKeys>>['figures'][] = []
let keys: LabKey[] = []
for (const count of keyCounts) {
  const measured = await measureKeys(count, byKeys.at(-1)?.keys ?? 0)
  keys = measured.keys
  byKeys.push(measured.figures)
  console.log(JSON.stringify(measured.figures))
}
const byVerifiers: Awaited<ReturnType<typeof measureVerifiers>>[] = []
for (const count of verifierCounts) {
  byVerifiers.push(await measureVerifiers(count, keys))
  console.log(JSON.stringify(byVerifiers.at(-1)))
}
const machinePercent = machine().used
await world.db.destroy()
await sql.end()
await postgres.stop()
report(
  'scale',
  Object.fromEntries([
    ...byKeys.map(({ keys: count, ...figures }) => [`${count} keys`, figures]),
    ...byVerifiers.map(({ verifiers, ...figures }) => [`${verifiers} verifiers`, figures]),
  ]),
  { keys: byKeys, verifiers: byVerifiers, machinePercent },
  byVerifiers.every(({ revokeP99Ms }) => revokeP99Ms <= targetMs),
)
