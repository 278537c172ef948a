/** npm run bench:revoke: how long a revoke takes until no replica can accept the key; alone, stopped, in a campaign. */
import { setTimeout as pause } from 'node:timers/promises'
import { perform } from '../src/acts/perform.ts'
import { readConfig } from '../src/foundation/config.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { openLog } from '../src/foundation/log.ts'
import { systemRandom } from '../src/foundation/random.ts'
import { isRefusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import { startWatching } from '../src/leases/confirm.ts'
import { openWatcher } from '../src/leases/watcher.ts'
import { carryOut } from '../src/offboarding/execute.ts'
import { requestOffboarding } from '../src/offboarding/request.ts'
import { allWorkspaces } from '../src/workspaces/workspace.ts'
import { machineUse } from './load/cpu.ts'
import { startProduct } from './load/server.ts'
import { openStage } from './load/stage.ts'
import { startBusy } from './load/start-busy.ts'
import { percentile } from './load/verify-once.ts'

const leaseMs = 5_000
const stage = await openStage(26_000)
const verifiers = await Promise.all(
  [1, 2, 3].map(() => startProduct(stage.postgres.url, { KEYWARDEN_LEASE: `${leaseMs}ms` })),
)
const config = readConfig({ DATABASE_URL: stage.postgres.url })
const log = openLog({ level: 'silent', tokenPrefix: 'tml_' })
const db = openDatabase(stage.postgres.url, { connections: 4 })
const world = { db, config, log, clock: { now: () => new Date() }, random: systemRandom }
const watcher = openWatcher(world)
const campaignKeys = 20_000
const loadKeys = stage.keys.slice(-4_000)
const keys = stage.keys.slice(campaignKeys, -4_000)

async function revoke(): Promise<number> {
  await stage.sql.query(`update keys set status = 'revoked' where id = $1`, [keys.pop()!.id])
  const { rows } = await stage.sql.query('select max(seq)::int as seq from changes')
  return rows[0].seq
}

async function confirm(seq: number): Promise<void> {
  const receipt = await watcher.confirm(seq, 60_000)
  if (receipt.state !== 'confirmed') throw new Error(JSON.stringify(receipt))
}

/** Verifies at that rate from a process of its own. */
const busy = (perSecond: number) =>
  startBusy({ urls: verifiers.map(({ url }) => url), tokens: loadKeys.map(({ token }) => token), perSecond })

async function revokeSeveral(times: number): Promise<number[]> {
  const tookMs: number[] = []
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    await confirm(await revoke())
    tookMs.push(performance.now() - begun)
    await pause(50)
  }
  return tookMs
}

/** How many verifies a second keep the machine that busy by themselves, found by trying, and how busy they did. */
async function rateFor(percent: number): Promise<{ perSecond: number; percent: number }> {
  let tried = { perSecond: 5 * percent, percent: 0 }
  for (let attempt = 0; attempt < 8 && Math.abs(tried.percent - percent) > percent / 10; attempt++) {
    if (attempt > 0)
      tried = { ...tried, perSecond: Math.round((tried.perSecond * percent) / Math.max(tried.percent, 1)) }
    const stop = await busy(tried.perSecond)
    await pause(500)
    const use = machineUse()
    await pause(2_000)
    tried.percent = Math.round(use().used)
    await stop()
  }
  return tried
}

async function revokeUnder(percent: number) {
  const load = await rateFor(percent)
  const stop = await busy(load.perSecond)
  const tookMs = await revokeSeveral(400)
  await stop()
  return { ...load, tookMs }
}

// Each verifier reads each key of the load once.
const stopWarming = await busy(2_000)
await pause(8_000)
await stopWarming()
await revokeSeveral(50)
const idle = await revokeSeveral(400)
const at20 = await revokeUnder(20)
const at80 = await revokeUnder(80)

const leaver = 'U0LEAVER'
await stage.sql.query('update keys set owner_id = $1, created_by = $1, revealed_by = $1 where id = any($2)', [
  leaver,
  stage.keys.slice(0, campaignKeys).map(({ id }) => id),
])

/** One person leaves who could use twenty thousand keys: the product's own way, to the last receipt. */
async function campaign(): Promise<number> {
  const [workspace] = await allWorkspaces(db)
  const request = { source: 'shell', userId: leaver, mode: 'revoke' } as const
  const begun = performance.now()
  const made = await perform(world, { kind: 'job', id: 'bench' }, (act) =>
    requestOffboarding(act, workspace!, request, systemRandom),
  )
  if (isRefusal(made)) throw new Error(plain(made.message))
  if ((await carryOut(world, { withinMs: 60_000 })) !== 1) throw new Error('the campaign was not confirmed')
  return performance.now() - begun
}

const watching = startWatching(world)
const stopCalm = await busy(300)
await pause(10_000)
const calm = await stopCalm()
const stopDuring = await busy(300)
const campaignMs = await campaign()
const during = await stopDuring()
await watching.stop()
const { rows: revoked } = await stage.sql.query(
  `select count(*)::int as count from keys where owner_id = $1 and status = 'revoked'`,
  [leaver],
)
if (revoked[0].count !== campaignKeys) throw new Error(`only ${revoked[0].count} keys were revoked`)

const stoppedMs: number[] = []
for (let i = 0; i < 2; i++) {
  process.kill(verifiers[0]!.pid, 'SIGSTOP')
  const at = performance.now()
  await confirm(await revoke())
  stoppedMs.push(performance.now() - at)
  process.kill(verifiers[0]!.pid, 'SIGCONT')
  await pause(1_000)
}

for (const verifier of verifiers) await verifier.stop()
await watcher.close()
await db.destroy()
await stage.close()
const figures = {
  idleP50Ms: percentile(idle, 50),
  idleP99Ms: percentile(idle, 99),
  busy20Percent: at20.percent,
  busy20VerifiesPerSecond: at20.perSecond,
  busy20P50Ms: percentile(at20.tookMs, 50),
  busy20P99Ms: percentile(at20.tookMs, 99),
  busy80Percent: at80.percent,
  busy80VerifiesPerSecond: at80.perSecond,
  busy80P50Ms: percentile(at80.tookMs, 50),
  busy80P99Ms: percentile(at80.tookMs, 99),
  stoppedMs: Math.round(Math.max(...stoppedMs)),
  leaseMs,
  campaignKeys,
  campaignMs: Math.round(campaignMs),
  calmVerifyP99Ms: percentile(calm, 99),
  campaignVerifyP99Ms: percentile(during, 99),
}
console.table(Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, { value }])))
const ok =
  [idle, at20.tookMs].every((tookMs) => percentile(tookMs, 50) <= 10 && percentile(tookMs, 99) <= 50) &&
  figures.stoppedMs <= leaseMs + 100 &&
  figures.campaignMs < 30_000 &&
  figures.campaignVerifyP99Ms <= 2 * figures.calmVerifyP99Ms
console.log(JSON.stringify({ ok, ...figures }))
process.exitCode = ok ? 0 : 1
