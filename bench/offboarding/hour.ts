import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startSlack } from 'local-slack'
import type { Call } from 'local-slack/contract'
import { calls } from 'local-slack/person'
import { openCalendar } from '../../sandbox/calendar.ts'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { rememberEmails } from '../../src/directory/emails.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { addOffboardings } from '../../src/http/offboardings.ts'
import { addScim } from '../../src/http/scim.ts'
import { openHttp } from '../../src/http/server.ts'
import { openVerifier } from '../../src/verification/verifier.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'
import { administer, databaseUrl } from '../../test/setup/administer.ts'
import { fillCompany, leaverId } from './company.ts'
import { openScim, openWebhook } from './entry-points.ts'

const keysEach = 4
const tickSeconds = 10
const ticks = 3_600 / tickSeconds
const limits = {
  megabytes: 256,
  slaSeconds: 900,
  postsPerSecondAndChannel: 1,
  updatesPerMinute: 50,
  filesPerMinute: 20,
}

type Sent = { tick: number; call: Call }[]

/**
 * How does it go when so many people leave within one simulated hour, who could use four keys each? A directory says so
 * evenly over the hour, for every other one through SCIM and for the rest through the webhook; the worker runs every ten simulated seconds, as its timetable has it, against two verifiers.
 */
export async function hour(leavers: number) {
  const postgres = await startPostgres({ durable: false, own: true, log: console.log })
  const calendar = openCalendar()
  const slack = await startSlack({
    clock: calendar,
    manifest: fileURLToPath(new URL('../../manifest.yml', import.meta.url)),
    // Real time says nothing here; posts are counted against simulated time below.
    postLimit: { perSecond: 1e6, burst: 1e6 },
  })
  const name = 'bench_offboarding'
  await administer(postgres.url, `create database ${name}`)
  const url = databaseUrl(postgres.url, name)
  await migrate(url)
  const env = {
    DATABASE_URL: url,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    KEYWARDEN_HTTP_PORT: '0',
  }
  const config = readConfig(env, ['worker'])
  const db = openDatabase(url, { connections: 8, name: 'bench' })
  const log = openLog({ level: 'warn', tokenPrefix: config.tokenPrefix })
  const world: World = { config, db, log, clock: calendar, random: systemRandom }
  const workspace = await fillCompany(world, { id: slack.teamId, name: 'ACME' }, leavers, keysEach)
  const verifiers = [await openVerifier(world), await openVerifier(world)]
  const worker = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('worker.ts', import.meta.url))],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...env, PATH: process.env.PATH, BENCH_NOW: String(+calendar.now()) },
    },
  )
  await once(worker, 'message')

  const entryPoints = await openEntryPoints(world, workspace, leavers)
  const begun = performance.now()
  let asked = 0
  let megabytes = 0
  let slowestMs = 0
  const sent: Sent = []
  // The hour, and what it takes to finish after it.
  for (let tick = 0; tick < ticks + 30; tick++) {
    for (; asked < Math.min(leavers, Math.ceil(((tick + 1) * leavers) / ticks)); asked++)
      await entryPoints.leave(asked)
    // Those who leave within this window wait for its end, as they would for the worker's next run.
    calendar.advance({ days: 0, minutes: tickSeconds / 60 })
    const at = performance.now()
    megabytes = Math.max(megabytes, await work(worker, calendar.now()))
    slowestMs = Math.max(slowestMs, performance.now() - at)
    for (const call of await calls(slack.url, undefined, sent.at(-1)?.call.n ?? 0)) sent.push({ tick, call })
    if (tick % 60 === 59)
      console.log(
        `${(tick + 1) * tickSeconds} simulated seconds: ${asked} have left, ${Math.round(megabytes)} MB`,
      )
  }
  const result = await measured(db, sent, {
    leavers,
    megabytes,
    slowestMs,
    realSeconds: (performance.now() - begun) / 1000,
  })
  worker.send('stop')
  await once(worker, 'exit')
  await entryPoints.close()
  for (const verifier of verifiers) await verifier.stop()
  await db.destroy()
  await slack.close()
  await postgres.stop()
  return result
}

/** The two entry points, on the simulated calendar: what they answer, for each leaver by their number. */
async function openEntryPoints(world: World, workspace: Workspace, leavers: number) {
  const { server } = await openHttp(world, {
    readiness: [],
    routes: [addScim, addOffboardings].map((add) => (one) => add(one, world, () => undefined)),
  })
  const { port } = server.server.address() as AddressInfo
  const served = { world, workspace, url: `http://127.0.0.1:${port}` }
  const people = Array.from({ length: leavers }, (_, nth) => {
    const userId = leaverId(nth)
    return { userId, email: `${userId.toLowerCase()}@acme.example` }
  })
  await rememberEmails(world.db, workspace.accountId, people, world.clock.now())
  const sends = [
    await openScim(
      served,
      people.filter((_, nth) => nth % 2 === 0),
    ),
    await openWebhook(served),
  ]
  async function leave(nth: number): Promise<void> {
    const status = await sends[nth % 2]!(people[nth]!)
    if (status !== 200 && status !== 202) throw new Error(`a request of a leaver was answered with ${status}`)
  }
  return { leave, close: () => server.close() }
}

async function work(child: ChildProcess, now: Date): Promise<number> {
  child.send(now.getTime())
  const [memory] = await once(child, 'message')
  return memory
}

type Run = { leavers: number; megabytes: number; slowestMs: number; realSeconds: number }

async function measured(db: Database, sent: Sent, { leavers, megabytes, slowestMs, realSeconds }: Run) {
  const { rows } = await db.raw(
    `select count(*) as people, count(*) filter (where state = 'done') as done,
       count(*) filter (where message_id is null) as untold,
       max(extract(epoch from done_at - begun_at))::float as slowest_seconds,
       percentile_cont(0.5) within group (order by extract(epoch from done_at - begun_at))::float as median_seconds
     from offboardings`,
  )
  const [keys] = (
    await db.raw(
      `select count(*) as keys, count(*) filter (where receipt->>'state' = 'confirmed') as receipts,
         count(*) filter (where k.status = 'inactive') as refused from offboarding_keys o join keys k on k.id = o.key_id`,
    )
  ).rows
  const [audit] = (await db.raw(`select count(*) as n from audit_events where event = 'key.deactivated'`))
    .rows
  const posts = of(sent, 'chat.postMessage').map(
    ({ call }) => call.args.metadata as { event_payload: { message: string } },
  )
  const messages = posts.map((metadata) => metadata.event_payload.message)
  const received = Number((await db('posted_messages').count('ts as n').first())!.n)
  const shown = {
    peopleWhoLeft: rows[0].people,
    offboardingsFinished: rows[0].done,
    keysRefused: keys.refused,
    keysWithReceipt: keys.receipts,
    deactivationsInAudit: audit.n,
    refusedAfterSecondsMedian: tenths(rows[0].median_seconds),
    refusedAfterSecondsSlowest: tenths(rows[0].slowest_seconds),
    messagesPosted: posts.length,
    messagesPostedTwice: messages.length - new Set(messages).size,
    mostPostsInTenSeconds: Math.max(...perWindow(sent, 'chat.postMessage', 1)),
    mostEditsInAMinute: Math.max(0, ...perWindow(sent, 'chat.update', 6)),
    files: of(sent, 'files.completeUploadExternal').length,
    mostFilesInAMinute: Math.max(0, ...perWindow(sent, 'files.completeUploadExternal', 6)),
    workerMemoryMegabytes: Math.round(megabytes),
    slowestRoundMs: Math.round(slowestMs),
    realSeconds: Math.round(realSeconds),
  }
  const all = leavers * keysEach
  const ok =
    rows[0].done === leavers &&
    rows[0].untold === 0 &&
    keys.receipts === all &&
    keys.refused === all &&
    audit.n === all &&
    posts.length === received &&
    shown.messagesPostedTwice === 0 &&
    rows[0].slowest_seconds <= limits.slaSeconds &&
    megabytes < limits.megabytes &&
    shown.mostPostsInTenSeconds <= limits.postsPerSecondAndChannel * tickSeconds &&
    shown.mostEditsInAMinute <= limits.updatesPerMinute &&
    shown.mostFilesInAMinute <= limits.filesPerMinute
  return { ok, figures: { leavers, limits, ...shown }, shown }
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10
}

function of(sent: Sent, method: string) {
  return sent.filter(({ call }) => call.method === method && call.reply.ok === true)
}

/** How many calls fell into each window of so many ticks. */
function perWindow(sent: Sent, method: string, width: number): number[] {
  const found = new Map<number, number>()
  for (const { tick } of of(sent, method))
    for (let first = tick - width + 1; first <= tick; first++) found.set(first, (found.get(first) ?? 0) + 1)
  return [...found.values()]
}
