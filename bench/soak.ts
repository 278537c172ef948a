/**
 * npm run bench:soak [-- --minutes N]: verifies at 70 % of what this machine can do beside people in Slack, the timetable, exports
 * and restarts, which are measured first; then all of it for half an hour unless N says otherwise. What stays up must not grow,
 * nothing may fail, and every count is exact.
 */
import { startSlack } from 'local-slack'
import { messagesIn } from 'local-slack/inspect'
import { person } from 'local-slack/person'
import {
  answerTo,
  makeKey,
  openDialog,
  people,
  press,
  said,
  security,
  submitAndSee,
} from '../sandbox/acting.ts'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { startRedis } from '../sandbox/services/redis.ts'
import { systemClock } from '../src/foundation/clock.ts'
import { readConfig } from '../src/foundation/config.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { openLog } from '../src/foundation/log.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { systemRandom } from '../src/foundation/random.ts'
import { generateToken, hashToken } from '../src/keys/token.ts'
import { mergeUsage } from '../src/usage/merge.ts'
import { openFleet, type Role } from '../test/faults/rolling/fleet.ts'
import { judgeJobs, judgeMessages, watchJobs } from '../test/faults/rolling/run.ts'
import { plant } from '../test/setup/plant.ts'
import { prepare } from '../test/setup/process-house.ts'
import { keywarden } from '../test/setup/shell.ts'
import { openVerifying } from './soak/verifying.ts'
import { median, report } from './table.ts'

const at = process.argv.indexOf('--minutes')
const minutes = at < 0 ? 30 : Number(process.argv[at + 1])
if (!(minutes >= 2)) throw new Error('--minutes wants a number of at least 2')

const planted = 1_000
const share = 0.7
/** Of the whole, before what is measured begins; and how many samples of memory there are in all. */
const [warmUpShare, samples] = [1 / 3, 30]
const growthTargetPercent = 1
/** Verifies under way at once. */
const atOnce = 32
/** Of those that were due: with fewer the load was not what it says. */
const sentTarget = 0.95
const [actEveryMs, exportEveryMs, restartEveryMs] = [3_000, 60_000, Math.min(60_000, (minutes * 60_000) / 6)]
/** A restart of each role: what can be verified is less while one of two verifiers starts. */
const capacityMs = 3 * restartEveryMs

const [postgres, redis] = await Promise.all([
  startPostgres({ durable: false, own: true }),
  startRedis({ own: true }),
])
await migrate(postgres.url)
const slack = await startSlack({
  clock: systemClock,
  manifest: new URL('../manifest.yml', import.meta.url).pathname,
  postLimit: { perSecond: 1000, burst: 10_000 },
})
const product = {
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: slack.botToken,
  SLACK_APP_TOKEN: slack.appToken,
  KEYWARDEN_HTTP_PORT: '0',
  KEYWARDEN_DRAIN: '2s',
}
const measured = { NODE_OPTIONS: `--import ${new URL('./soak/measure.mjs', import.meta.url).href}` }
const db = openDatabase(postgres.url, { connections: 4, name: 'soak' })
let serviceToken = ''
const verifying = openVerifying(() => serviceToken)
await watchJobs(db)
// The first of each stays up and is measured; the second is replaced by turns.
const fleet = await openFleet(
  { bot: 2, worker: 2, verify: 2 },
  { ...product, ...measured },
  { verify: verifying },
)

const config = readConfig(product)
const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
const world = { config, db, log, clock: systemClock, random: systemRandom }
serviceToken = await prepare(world, slack.teamId)
const tokens = Array.from({ length: planted }, () => generateToken('tml_', systemRandom).open())
const { id: workspaceId } = await db('workspaces').first('id')
await plant(
  world,
  workspaceId,
  tokens.map((token, n) => ({ name: `Planted ${n}`, tokenHash: hashToken(token) })),
)
let nextKey = 0
const ask = () => verifying.ask(tokens[nextKey++ % planted]!)

/** Verifies a second when so many are under way at any time, beside all that goes on. */
async function capacity(): Promise<number> {
  const until = performance.now() + capacityMs
  const before = verifying.answered
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < until) await ask()
    }),
  )
  return (verifying.answered - before) / (capacityMs / 1_000)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const errors: string[] = []
const counts = { acts: 0, exports: 0, restarts: 0 }
const made: string[] = []

let [perSecond, before] = [0, 0]
let begun = Number.POSITIVE_INFINITY
let from = new Date()
const isOver = () => performance.now() - begun > minutes * 60_000

/**
 * As many as are due by now, also after a moment in which this process had no time; but never more at once than were under way
 * when the capacity was measured, or they would wait for a verifier that is gone by then. Returns the share that was sent.
 */
async function verifyAtShare(): Promise<number> {
  let sent = 0
  const due = () => ((performance.now() - begun) / 1_000) * perSecond * share
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (!isOver())
        if (sent < due()) {
          sent++
          await ask()
        } else await pause(1)
    }),
  )
  return Math.min(1, sent / due())
}

async function everySoOften(ms: number, what: string, act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 1; !isOver(); n++) {
    const next = performance.now() + ms
    await act(n).catch((error) => errors.push(`${what} ${n}: ${String(error).slice(0, 300)}`))
    await pause(Math.max(0, next - performance.now()))
  }
}

const [manager, member, owner] = [people.manager, people.member, people.owner].map((id) =>
  person(slack.url, id),
)

async function act(n: number): Promise<void> {
  const name = `Soak ${n}`
  if (n % 10 === 0) {
    const form = await openDialog(member!, `request ${name}`)
    const sent = await submitAndSee(member!, form, { scopes: ['read'], reason: 'For the soak' })
    await member!.close(sent.id)
    const request = await owner!.waitFor((screen) =>
      messagesIn(screen, security).findLast((one) => said(one).includes(`requests a key for ${name}:`)),
    )
    await press(owner!, request, 'Approve')
  } else if (n % 10 === 1) await makeKey(manager!, { name })
  else await answerTo(manager!, n % 2 === 0 ? 'list' : 'help')
  if (n % 10 < 2) made.push(name)
  counts.acts++
}

async function exportAll(): Promise<void> {
  for (const args of [
    ['audit', 'export'],
    ['usage', 'export'],
  ]) {
    const { code, out, err } = await keywarden(args, product)
    if (code !== 0 || out.length === 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`)
    counts.exports++
  }
}

async function restart(n: number): Promise<void> {
  await pause(restartEveryMs / 2)
  if (isOver()) return
  await fleet.replace((['verify', 'worker', 'bot'] as const)[n % 3]!, 1)
  counts.restarts++
}

type Sample = { atMs: number; liveBytes: number; rssBytes: number }
const memory: Record<Role, Sample[]> = { bot: [], worker: [], verify: [] }

async function sample(): Promise<void> {
  for (const role of Object.keys(memory) as Role[]) {
    const one = fleet.process(role, 0)
    const before = one.said().length
    one.child.kill('SIGUSR2')
    const line = () => /^\{"memory":.*\}$/m.exec(one.said().slice(before))?.[0]
    const until = performance.now() + 10_000
    while (!line() && performance.now() < until) await pause(20)
    memory[role].push({ atMs: performance.now() - begun, ...JSON.parse(line()!).memory })
  }
}

async function verifyAndSample(): Promise<number> {
  for (let n = 0; n < planted; n++) await ask()
  perSecond = await capacity()
  before = verifying.answered
  from = new Date()
  begun = performance.now()
  const [share] = await Promise.all([
    verifyAtShare(),
    everySoOften((minutes * 60_000) / samples, 'sample', sample),
  ])
  return share
}

const [sentShare] = await Promise.all([
  verifyAndSample(),
  everySoOften(actEveryMs, 'act', act),
  everySoOften(exportEveryMs, 'export', exportAll),
  everySoOften(restartEveryMs, 'restart', restart),
])
const to = new Date()
const lastedMs = performance.now() - begun

const deliveredBy = performance.now() + 60_000
const open = async () => Number((await db('outbox').whereNull('completed_at').count('* as n'))[0]!.n)
const counted = async () => Number((await db('key_usage').sum({ n: 'requests' }))[0]!.n ?? 0)
while ((await open()) > 0 && performance.now() < deliveredBy) await pause(200)
const jobs = await judgeJobs(db, from, to)
const messages = await judgeMessages(db, slack.url)
// A verifier writes its last counts when it stops, and they are merged when somebody asks.
await fleet.stop()
await mergeUsage(db)
const requests = await counted()
const names: string[] = (await db('keys').whereLike('name', 'Soak %').select('name')).map(({ name }) => name)
const lost = made.filter((name) => names.filter((one) => one === name).length !== 1)
await verifying.close()
await db.destroy()
await slack.close()
await Promise.all([postgres.stop(), redis.stop()])

/** In percent in ten minutes, from the median of the first three samples after the warm-up to that of the last three. */
function growthOf(all: readonly Sample[], field: 'liveBytes' | 'rssBytes'): number {
  const counted = all.filter(({ atMs }) => atMs >= lastedMs * warmUpShare)
  const [first, last] = [counted.slice(0, 3), counted.slice(-3)]
  const middle = (some: readonly Sample[], of: keyof Sample) => median(some.map((one) => one[of]))
  const growth = middle(last, field) / middle(first, field) - 1
  return (growth * 100 * 600_000) / (middle(last, 'atMs') - middle(first, 'atMs'))
}

const rows = (Object.keys(memory) as Role[]).map((role) => {
  const last = memory[role].at(-1)!
  return {
    role,
    live: last.liveBytes / 1e6,
    liveGrowth: growthOf(memory[role], 'liveBytes'),
    rss: last.rssBytes / 1e6,
    rssGrowth: growthOf(memory[role], 'rssBytes'),
  }
})
const failed = [
  ...errors,
  ...verifying.errors,
  ...fleet.complaints,
  ...jobs.twice.map((job) => `twice: ${job}`),
  ...jobs.missed.map((job) => `missed: ${job}`),
  ...lost.map((name) => `not there once: ${name}`),
  ...(messages.lost + messages.duplicates > 0
    ? [`${messages.lost} messages lost, ${messages.duplicates} twice`]
    : []),
]
for (const line of failed.slice(0, 20)) console.log(line)
const missing = verifying.answered - requests
const figures = {
  minutes,
  capacityPerSecond: Math.round(perSecond),
  verifiesPerSecond: Math.round((verifying.answered - before) / (lastedMs / 1_000)),
  sentOfDuePercent: Number((sentShare * 100).toFixed(1)),
  verifies: verifying.answered,
  countedVerifies: requests,
  slowestVerifyMs: Math.round(verifying.slowestMs),
  ...counts,
  keys: made.length,
  jobs: jobs.ran,
  messages: messages.sent,
  errors: failed.length,
  ...Object.fromEntries(
    rows.flatMap(({ role, liveGrowth, rssGrowth }) => [
      [`${role}LiveGrowthPercentIn10Min`, Number(liveGrowth.toFixed(2))],
      [`${role}RssGrowthPercentIn10Min`, Number(rssGrowth.toFixed(2))],
    ]),
  ),
}
report(
  'soak',
  Object.fromEntries(
    rows.map(({ role, live, liveGrowth, rss, rssGrowth }) => [
      role,
      {
        'alive after a collection, MB': live,
        'growth in 10 min, %': liveGrowth,
        'resident, MB': rss,
        'resident growth in 10 min, %': rssGrowth,
      },
    ]),
  ),
  figures,
  failed.length === 0 &&
    missing === 0 &&
    sentShare >= sentTarget &&
    rows.every(({ liveGrowth }) => liveGrowth < growthTargetPercent),
)
