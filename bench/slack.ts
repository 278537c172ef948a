/**
 * npm run bench:slack: how long a person waits, from their act at the local Slack to the answer on their screen, with many
 * keys in the workspace and twenty people at it at once; and what CPU an answer takes. By turns with a workspace of a
 * hundred keys and with a Bolt app that only sends the same blocks, so that what the machine does meanwhile falls on all.
 * `--keys=N`, `--rounds=N`.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalSlack } from 'local-slack'
import { messagesIn, textOf, topModal } from 'local-slack/inspect'
import { type PersonClient, person } from 'local-slack/person'
import { acme } from 'local-slack/seed'
import { general, people } from '../sandbox/acting.ts'
import { insertManyKeys } from '../sandbox/many-keys.ts'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { startRedis } from '../sandbox/services/redis.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../test/setup/administer.ts'
import { type Environment, end, launch, openSlack, slackEnvironment } from './ack/contender.ts'
import { cpuSeconds } from './load/cpu.ts'
import type { Shown } from './slack/bare.ts'
import { median, percentile, report } from './table.ts'

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((one) => one.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const many = option('keys', 100_000)
const rounds = option('rounds', 10)
const users = 20
const limits = { timeRatio: 1.3, cpuRatio: 3 }
const p99LimitMs = { list: 300, filter: 300, search: 300, show: 300, home: 500 } as const
type Kind = keyof typeof p99LimitMs
const kinds = Object.keys(p99LimitMs) as Kind[]

type Contender = {
  slack: LocalSlack
  pid: number
  /** of each person, the key that they ask to be shown */
  names: string[]
  everyone: PersonClient[]
  stop(): Promise<void>
}
type Measured = { ms: number[]; cpuMs: number[] }

const root = new URL('../', import.meta.url).pathname
const ids = Array.from({ length: users }, (_, i) => `U0BENCH${String(i).padStart(3, '0')}`)
const redis = await startRedis({ log: () => undefined })
const postgres = await startPostgres({ durable: false, log: () => undefined })
const folder = mkdtempSync(join(tmpdir(), 'keywarden-bench-'))

const few = await openKeywarden(100)
const all = await openKeywarden(many)
const bare = await openBare(await whatIsShown(all))
const contenders = { few, all, bare }
const nothing = (): Measured => ({ ms: [], cpuMs: [] })
const noMeasurements = (): Record<Kind, Measured> => ({
  ...{ list: nothing(), filter: nothing(), search: nothing() },
  ...{ show: nothing(), home: nothing() },
})
const measured = { few: noMeasurements(), all: noMeasurements(), bare: noMeasurements() }

for (let round = -1; round < rounds; round++)
  for (const kind of kinds)
    for (const [name, contender] of Object.entries(contenders)) {
      const { ms, cpuMs } = await askAtOnce(contender, kind)
      // The first round fills caches and pools, as a bot that runs has them.
      if (round < 0) continue
      const kept = measured[name as keyof typeof contenders][kind]
      kept.ms.push(...ms)
      kept.cpuMs.push(cpuMs)
    }

const table: Record<string, Record<string, number>> = {}
const figures: Record<string, unknown> = { keys: many, users, rounds, limits, p99LimitMs }
let ok = true
for (const kind of kinds) {
  const ours = { few: measured.few[kind], all: measured.all[kind] }
  const timeRatio = median(ours.all.ms) / median(ours.few.ms)
  const cpuRatio = mean(ours.all.cpuMs) / mean(measured.bare[kind].cpuMs)
  const p99Ms = percentile(ours.all.ms, 0.99)
  table[kind] = {
    'p50 ms, 100 keys': median(ours.few.ms),
    [`p50 ms, ${many} keys`]: median(ours.all.ms),
    'time, times 100 keys': timeRatio,
    'p99 ms, 100 keys': percentile(ours.few.ms, 0.99),
    [`p99 ms, ${many} keys`]: p99Ms,
    'p99 ms, bare Bolt': percentile(measured.bare[kind].ms, 0.99),
    'CPU ms an answer': mean(ours.all.cpuMs),
    'CPU ms, bare Bolt': mean(measured.bare[kind].cpuMs),
    'CPU, times bare': cpuRatio,
  }
  figures[kind] = {
    p50Ms: median(ours.all.ms),
    p99Ms,
    timeRatio,
    cpuMsPerAnswer: mean(ours.all.cpuMs),
    bareCpuMsPerAnswer: mean(measured.bare[kind].cpuMs),
    cpuRatio,
  }
  ok &&= timeRatio <= limits.timeRatio && cpuRatio <= limits.cpuRatio
}
for (const contender of Object.values(contenders)) await contender.stop()
await Promise.all([redis.stop(), postgres.stop()])
rmSync(folder, { recursive: true })
report('slack', table, figures, ok)
process.exit()

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

async function openPeople(slack: LocalSlack): Promise<PersonClient[]> {
  const { id: _, ...someone } = acme().people.find((one) => one.id === people.manager)!
  for (const user of ids) {
    await slack.addPerson({ ...someone, id: user, name: user.toLowerCase() })
    await slack.addToChannel(general, user)
  }
  return ids.map((user) => person(slack.url, user))
}

async function openKeywarden(keys: number): Promise<Contender> {
  const database = `keywarden_bench_${randomBytes(4).toString('hex')}`
  await administer(postgres.url, `create database ${database}`)
  const url = databaseUrl(postgres.url, database)
  await migrate(url)
  const slack = await openSlack()
  const everyone = await openPeople(slack)
  const command = [`${root}bin/keywarden`, 'start', '--roles', 'bot']
  const services: Environment = { DATABASE_URL: url, REDIS_URL: redis.url, KEYWARDEN_HTTP_PORT: '0' }
  const { child } = await launch(command, { ...services, ...slackEnvironment(slack) }, /keywarden is up/)
  const db = openDatabase(url, { connections: 1, name: 'bench' })
  const { id } = await db('workspaces').first('id')
  const now = new Date()
  const manager = { workspace_id: id, role: 'manager', added_at: now, changed_at: now }
  await db('members').insert(ids.map((user_id) => ({ ...manager, user_id })))
  await insertManyKeys(db, id, keys, now, ids)
  await db.raw('vacuum analyze keys')
  const names: string[] = await db('keys').orderBy('id').limit(users).pluck('name')
  await db.destroy()
  return { slack, pid: child.pid!, names, everyone, stop: () => end(child).then(() => slack.close()) }
}

async function openBare(shown: Shown): Promise<Contender> {
  const file = join(folder, 'shown.json')
  writeFileSync(file, JSON.stringify(shown))
  const slack = await openSlack()
  const everyone = await openPeople(slack)
  const command = [process.execPath, '--import', 'tsx', `${root}bench/slack/bare.ts`, file]
  const { child } = await launch(command, slackEnvironment(slack), /^up$/)
  return {
    slack,
    pid: child.pid!,
    names: all.names,
    everyone,
    stop: () => end(child).then(() => slack.close()),
  }
}

/** The blocks that Keywarden answers the first person with. */
async function whatIsShown({ slack, everyone, names }: Contender): Promise<Shown> {
  const who = everyone[0]!
  const shown: Partial<Shown> = {}
  for (const kind of kinds) {
    slack.reload(who.id)
    shown[kind] = await ask(who, kind, names[0]!)
  }
  return shown as Shown
}

/** Everybody asks at once: the milliseconds that each waited, and those of CPU that the process used for each answer. */
async function askAtOnce(contender: Contender, kind: Kind): Promise<{ ms: number[]; cpuMs: number }> {
  const { slack, pid, everyone } = contender
  // A screen with the answers of all rounds would be slow to read, which is not what is measured.
  for (const id of ids) slack.reload(id)
  const before = cpuSeconds(pid)
  const ms = await Promise.all(everyone.map((who, i) => timed(who, kind, contender.names[i]!)))
  return { ms, cpuMs: ((cpuSeconds(pid) - before) * 1000) / users }
}

async function timed(who: PersonClient, kind: Kind, name: string): Promise<number> {
  let began = 0
  await ask(who, kind, name, () => {
    began = performance.now()
  })
  return performance.now() - began
}

/** Asks as a person does, and waits for the blocks on their screen; `begins` is called at the act itself. */
async function ask(who: PersonClient, kind: Kind, name: string, begins?: () => void): Promise<Shown[Kind]> {
  const before = await who.screen()
  const received = messagesIn(before, general).length
  const command = (text: string) => who.command({ channel: general, text: `/keys ${text}` })
  begins?.()
  if (kind === 'home') {
    await who.home()
    const home = await who.waitFor(
      (screen) => screen.home && screen.home.hash !== before.home?.hash && screen.home,
    )
    return home.blocks
  }
  if (kind === 'show') {
    await command(`show ${name}`)
    const shown = await who.waitFor((screen) => {
      const view = topModal(screen)
      const isNew = view && view.id !== topModal(before)?.id
      return isNew && !textOf(view.blocks).includes('One moment') && view
    })
    return shown.blocks
  }
  // Of a hundred keys too these fill a page: what is compared is the number of keys, not of those shown.
  await command({ list: 'list', filter: 'list overdue', search: 'list port' }[kind])
  return (await who.waitFor((screen) => messagesIn(screen, general)[received])).blocks!
}
