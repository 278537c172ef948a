import { loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { type LocalSlack, startSlack } from 'local-slack'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { startRedis } from '../../sandbox/services/redis.ts'
import { rememberEmails } from '../../src/directory/emails.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { readLateness } from '../../src/foundation/lateness.ts'
import { openLog } from '../../src/foundation/log.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { generateToken, hashToken } from '../../src/keys/token.ts'
import { allWorkspaces, type Workspace } from '../../src/workspaces/workspace.ts'
import { serviceToken } from '../../test/faults/lab/seed.ts'
import { plant } from '../../test/setup/plant.ts'
import { buildProduct } from '../load/build.ts'
import { cpuSeconds, machineUse } from '../load/cpu.ts'
import { type Server, startServer } from '../load/server.ts'
import { startBusy } from '../load/start-busy.ts'
import { verifyOnce } from '../load/verify-once.ts'
import { percentile } from '../table.ts'
import { type EntryPoint, openScim, openWebhook, type Send } from './entry-points.ts'

const keysEach = 2
const perSecond = 25
const verifiesPerSecond = 100
/** Real seconds after the last request in which every key has to be refused; and those after which the bench gives up. */
const limits = { refusedWithinSeconds: 30, verifyP99Times: 2 }
const patienceSeconds = 300

export type Layout = 'oneProcess' | 'splitRoles'
type Leaver = { userId: string; email: string; tokens: string[] }

type House = {
  world: World
  workspace: Workspace
  slack: LocalSlack
  bot: Server
  worker: Server
  verify: Server
  /** of keys that stay */
  busyTokens: string[]
  stop(): Promise<void>
}

/** So many leavers with two keys each, 25 a second: first through SCIM, then as many others through the webhook. */
export async function burst(layout: Layout, leavers: number) {
  const house = await openHouse(layout)
  try {
    const found = []
    const served = { world: house.world, workspace: house.workspace, url: house.bot.url }
    for (const entry of ['scim', 'webhook'] as const) {
      const people = await hire(house, entry, leavers)
      const send = entry === 'scim' ? await openScim(served, people) : await openWebhook(served)
      found.push({ name: `${layout} ${entry}`, ...(await measure(house, people, send)) })
    }
    return found
  } finally {
    await house.stop()
  }
}

/** The product as it is released, in one process with every role or in one for each. */
async function openHouse(layout: Layout): Promise<House> {
  const [postgres, redis] = await Promise.all([
    startPostgres({ own: true, log: console.error }),
    startRedis({ own: true, log: console.error }),
  ])
  await migrate(postgres.url)
  const manifest = new URL('../../manifest.yml', import.meta.url).pathname
  const slack = await startSlack({ clock: systemClock, manifest })
  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    KEYWARDEN_HTTP_PORT: '0',
  }
  const main = buildProduct()
  const start = (...roles: string[]) =>
    startServer([main, 'start', ...roles.flatMap((role) => ['--roles', role])], env)
  const all = layout === 'oneProcess' ? await start() : undefined
  const bot = all ?? (await start('bot'))
  const worker = all ?? (await start('worker'))
  const verify = all ?? (await start('verify'))
  const db = openDatabase(postgres.url, { connections: 4, name: 'bench' })
  const config = readConfig(env)
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const world: World = { config, db, log, clock: systemClock, random: systemRandom }
  const workspace = (await allWorkspaces(db))[0]!
  await db('service_tokens').insert({
    ...{ id: 'st_bench', account_id: workspace.accountId, name: 'bench', hint: 'kws_', created_by: 'bench' },
    ...{ token_hash: hashToken(serviceToken), created_at: new Date() },
  })
  const busyTokens = await issue(
    world,
    workspace,
    Array.from({ length: 200 }, () => 'U0STAYS001'),
    'Busy',
  )
  async function stop() {
    for (const server of new Set([bot, worker, verify])) await server.stop()
    await db.destroy()
    await slack.close()
    await Promise.all([postgres.stop(), redis.stop()])
  }
  return { world, workspace, slack, bot, worker, verify, busyTokens, stop }
}

async function issue(world: World, workspace: Workspace, owners: readonly string[], name: string) {
  const made = owners.map((ownerId) => ({
    ownerId,
    token: generateToken(world.config.tokenPrefix, systemRandom),
  }))
  const keys = made.map(({ ownerId, token }, nth) => ({
    name: `${name} ${nth}`,
    ownerId,
    tokenHash: token.hash(),
  }))
  await plant(world, workspace.id, keys)
  return made.map(({ token }) => token.open())
}

async function hire(
  { world, workspace, verify }: House,
  entry: EntryPoint,
  count: number,
): Promise<Leaver[]> {
  const userIds = Array.from(
    { length: count },
    (_, nth) => `U0${entry.toUpperCase()}${String(nth).padStart(5, '0')}`,
  )
  const tokens = await issue(
    world,
    workspace,
    userIds.flatMap((id) => Array(keysEach).fill(id)),
    entry,
  )
  const people = userIds.map((userId, nth) => ({
    ...{ userId, email: `${userId.toLowerCase()}@acme.example` },
    tokens: tokens.slice(nth * keysEach, (nth + 1) * keysEach),
  }))
  await rememberEmails(world.db, workspace.accountId, people, new Date())
  // Verifiers have them in memory, as keys in use are.
  for (const token of tokens) await expectValid(verify, token)
  return people
}

async function expectValid({ url }: Server, token: string): Promise<void> {
  const { code } = await verifyOnce(url, token)
  if (code !== 'VALID') throw new Error(`a key is ${code} before anybody leaves`)
}

async function measure(house: House, people: readonly Leaver[], send: Send) {
  const stopBefore = await busy(house)
  await pause(8_000)
  const before = await stopBefore()
  const deadlocksBefore = await deadlocks(house)
  const stopMeanwhile = await busy(house)
  const watch = watchJobs(house)
  const use = machineUse()
  const cpuBefore = cpuOf(house)
  const answers = await Promise.all(
    people.map(async (one, nth) => {
      await pause((nth * 1_000) / perSecond)
      const begun = performance.now()
      const status = await send(one).catch(() => 0)
      return { begun, status, ms: performance.now() - begun }
    }),
  )
  const lastSent = Math.max(...answers.map(({ begun }) => begun))
  const { lastRefused, stillValid } = await waitForRefusals(house, people, lastSent)
  const meanwhile = await stopMeanwhile()
  const doneSeconds = await waitForDone(house, lastSent)
  const { mostLateSeconds, lateJobs } = await watch()
  const productCpuSeconds = cpuOf(house) - cpuBefore
  const figures = {
    leavers: people.length,
    failedRequests: answers.filter(({ status }) => status !== 200 && status !== 202).length,
    answerP50Ms: percentile(
      answers.map(({ ms }) => ms),
      0.5,
    ),
    answerP99Ms: percentile(
      answers.map(({ ms }) => ms),
      0.99,
    ),
    lastRefusedAfterSeconds: (lastRefused - lastSent) / 1_000,
    keysStillValid: stillValid,
    lastDoneAfterSeconds: doneSeconds,
    unfinished: await unfinished(house),
    verifyP99BeforeMs: percentile(before, 0.99),
    verifyP99MeanwhileMs: percentile(meanwhile, 0.99),
    mostLateJobSeconds: mostLateSeconds,
    lateJobs,
    deadlocks: (await deadlocks(house)) - deadlocksBefore,
    productCpuSeconds,
    machineUsedPercent: use().used,
    loadAverage: loadavg()[0]!,
    limits,
  }
  const ok =
    figures.failedRequests === 0 &&
    stillValid === 0 &&
    figures.unfinished === 0 &&
    figures.lastRefusedAfterSeconds <= limits.refusedWithinSeconds &&
    figures.verifyP99MeanwhileMs <= limits.verifyP99Times * figures.verifyP99BeforeMs &&
    lateJobs.length === 0 &&
    figures.deadlocks === 0
  const shown = {
    'failed requests': figures.failedRequests,
    'answer p50, ms': figures.answerP50Ms,
    'answer p99, ms': figures.answerP99Ms,
    'last refused after, s': figures.lastRefusedAfterSeconds,
    'still valid': stillValid,
    'last done after, s': doneSeconds,
    'verify p99 before, ms': figures.verifyP99BeforeMs,
    'verify p99 meanwhile, ms': figures.verifyP99MeanwhileMs,
    'most late job, s': mostLateSeconds,
    'jobs too late': lateJobs.length,
    deadlocks: figures.deadlocks,
    'CPU of the product, s': productCpuSeconds,
    load: figures.loadAverage,
  }
  return { ok, figures, shown }
}

/** Verifies keys that stay, at the same time. */
const busy = ({ verify, busyTokens }: House) =>
  startBusy({ urls: [verify.url], tokens: busyTokens, perSecond: verifiesPerSecond })

/** Asks the verifier about every key until each is refused. Times as of `performance.now()`. */
async function waitForRefusals({ verify }: House, people: readonly Leaver[], lastSent: number) {
  const valid = people.flatMap(({ tokens }) => tokens)
  const until = lastSent + patienceSeconds * 1_000
  let lastRefused = lastSent
  while (valid.length > 0 && performance.now() < until) {
    // Those who left first are refused first: the head of the list tells when there is something to see.
    const { code } = await verifyOnce(verify.url, valid[0]!)
    if (code === 'VALID') await pause(100)
    else {
      valid.shift()
      lastRefused = performance.now()
    }
  }
  return { lastRefused, stillValid: valid.length }
}

/** Real seconds from the last request until every offboarding is done, its receipts included. */
async function waitForDone(house: House, lastSent: number): Promise<number> {
  const until = lastSent + patienceSeconds * 1_000
  while ((await unfinished(house)) > 0 && performance.now() < until) await pause(250)
  return (performance.now() - lastSent) / 1_000
}

async function unfinished({ world }: House): Promise<number> {
  return Number((await world.db('offboardings').whereNot({ state: 'done' }).count('id as n').first())!.n)
}

/** Of all its processes. */
const cpuOf = ({ bot, worker, verify }: House): number =>
  [...new Set([bot, worker, verify])].reduce((sum, { pid }) => sum + cpuSeconds(pid), 0)

async function deadlocks({ world }: House): Promise<number> {
  const { rows } = await world.db.raw(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  return rows[0].deadlocks
}

/** Looks each second at how late the jobs are, and at what the worker says of itself. */
function watchJobs({ world, worker }: House): () => Promise<{ mostLateSeconds: number; lateJobs: string[] }> {
  const stopping = new AbortController()
  const late = new Set<string>()
  let mostLateSeconds = 0
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      for (const { lateSeconds } of await readLateness(world.db, new Date()))
        mostLateSeconds = Math.max(mostLateSeconds, lateSeconds)
      const ready = (await (await fetch(`${worker.url}/readyz`)).json()) as { late?: string[] }
      for (const sentence of ready.late ?? []) late.add(sentence)
      await pause(1_000, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()
  return async () => {
    stopping.abort()
    await watching
    return { mostLateSeconds, lateJobs: [...late] }
  }
}
