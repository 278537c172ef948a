import { CronExpressionParser } from 'cron-parser'
import { startSlack } from 'local-slack'
import { calls } from 'local-slack/person'
import { timetable } from '../../../jobs/timetable.ts'
import { people } from '../../../sandbox/acting.ts'
import { systemClock } from '../../../src/foundation/clock.ts'
import { readConfig } from '../../../src/foundation/config.ts'
import { type Database, openDatabase } from '../../../src/foundation/database.ts'
import { openLog } from '../../../src/foundation/log.ts'
import { systemRandom } from '../../../src/foundation/random.ts'
import { prepare } from '../../setup/process-house.ts'
import { openFleet, type Role } from './fleet.ts'
import { openLoad } from './load.ts'
import { openRoundRobin } from './round-robin.ts'

export type Plan = {
  mode: 'http' | 'socket'
  counts: Record<Role, number>
  /** who is replaced together, one group after another */
  groups: (readonly [Role, number])[][]
  drainSeconds: number
}

export type Report = {
  restarts: number
  verifies: number
  slowestVerifyMs: number
  acts: number
  slowestActMs: number
  keys: number
  messages: number
  jobs: number
  /** what should not have been, a line each */
  lostVerifies: string[]
  lostActs: string[]
  lostKeys: string[]
  lostMessages: number
  twice: string[]
  missedJobs: string[]
  complaints: string[]
}

/** Real milliseconds; a drain must be several of them. */
const askEveryMs = 150

/** Restarts every process of the plan under load, on a database that is migrated and empty; says how it goes on. */
export async function runRolling(
  urls: { databaseUrl: string; redisUrl: string },
  plan: Plan,
  say: (line: string) => void,
): Promise<Report> {
  const manifest = new URL('../../../manifest.yml', import.meta.url).pathname
  const slack = await startSlack({
    clock: systemClock,
    manifest,
    postLimit: { perSecond: 1000, burst: 10_000 },
  })
  const env = {
    DATABASE_URL: urls.databaseUrl,
    REDIS_URL: urls.redisUrl,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_MODE: plan.mode,
    KEYWARDEN_HTTP_PORT: '0',
    KEYWARDEN_DRAIN: `${plan.drainSeconds}s`,
  }
  const db = openDatabase(urls.databaseUrl, { connections: 4, name: 'rolling' })
  const [bots, verifiers] = await Promise.all([openRoundRobin(askEveryMs), openRoundRobin(askEveryMs)])
  const roundRobins = { verify: verifiers, ...(plan.mode === 'http' ? { bot: bots } : {}) }
  try {
    await watchJobs(db)
    const fleet = await openFleet(plan.counts, env, roundRobins)
    try {
      if (plan.mode === 'http') slack.deliverOverHttp(`${bots.url}/slack/events`)
      const config = readConfig(env)
      const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
      const world = { config, db, log, clock: systemClock, random: systemRandom }
      const serviceToken = await prepare(world, slack.teamId)
      await addOtherManager(db)

      const from = new Date()
      const load = openLoad(slack, verifiers.url, serviceToken)
      await until(() => load.made.size > 1)
      for (const group of plan.groups) {
        const began = performance.now()
        await Promise.all(group.map(([role, n]) => fleet.replace(role, n)))
        const names = group.map(([role, n]) => `${role} ${n + 1}`).join(', ')
        say(`${plan.mode}: ${names} replaced in ${Math.round((performance.now() - began) / 100) / 10} s`)
      }
      await load.stop()
      const to = new Date()
      await until(
        async () => Number((await db('outbox').whereNull('completed_at').count('* as n'))[0]!.n) === 0,
      )

      const messages = await judgeMessages(db, slack.url)
      const jobs = await judgeJobs(db, from, to)
      const keys = await db('keys').select('name')
      return {
        restarts: plan.groups.flat().length,
        verifies: load.verifies.sent,
        slowestVerifyMs: Math.round(load.verifies.slowestMs),
        acts: load.acts.sent,
        slowestActMs: Math.round(load.acts.slowestMs),
        keys: keys.length,
        messages: messages.sent,
        jobs: jobs.ran,
        lostVerifies: [...load.verifies.failed, ...verifiers.failures],
        lostActs: [...load.acts.lost, ...bots.failures],
        lostKeys: [...load.made.keys()].filter((name) => !keys.some((key) => key.name === name)),
        lostMessages: messages.lost,
        twice: [
          ...repeated(keys.map(({ name }) => name)).map((name) => `key ${name}`),
          ...jobs.twice,
          ...(messages.duplicates > 0 ? [`${messages.duplicates} messages`] : []),
        ],
        missedJobs: jobs.missed,
        complaints: fleet.complaints,
      }
    } finally {
      await fleet.stop()
    }
  } finally {
    await db.destroy()
    await Promise.all([bots.close(), verifiers.close()])
    await slack.close()
  }
}

export const isGood = (report: Report): boolean =>
  Object.values(report).every((value) => !Array.isArray(value) || value.length === 0) &&
  report.lostMessages === 0

async function until(isSo: () => boolean | Promise<boolean>, seconds = 40): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${seconds} s passed until ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function addOtherManager(db: Database): Promise<void> {
  const manager = await db('members').where({ user_id: people.manager }).first()
  await db('members').insert({ ...manager, user_id: people.otherManager })
}

/** Keeps each end of a run, of which the product keeps the last: the database notes them itself. */
export async function watchJobs(db: Database): Promise<void> {
  await db.raw(`create table rolling_ends (job text not null, slot timestamptz)`)
  await db.raw(`create function note_end() returns trigger language plpgsql as $$
    begin insert into rolling_ends values (new.job, new.last_slot); return null; end $$`)
  await db.raw(`create trigger note_end after update of last_slot on job_runs
    for each row execute function note_end()`)
}

/** Posts that Slack accepted are counted by the message they carry; one that ended otherwise than well is lost. */
export async function judgeMessages(db: Database, slackUrl: string) {
  const posted = (await calls(slackUrl, 'chat.postMessage')).flatMap(({ args, reply }) => {
    const metadata = args.metadata as { event_payload?: { message?: string } } | undefined
    const id = metadata?.event_payload?.message
    return reply.ok === true && id ? [id] : []
  })
  const messages = await db('outbox').select('id', 'outcome')
  const lost = messages.filter(({ outcome }) => !['arrived', 'moot'].includes(outcome))
  return { sent: messages.length, lost: lost.length, duplicates: repeated(posted).length }
}

export async function judgeJobs(db: Database, from: Date, to: Date) {
  const rows: { job: string; slot: Date }[] = await db('rolling_ends').whereNotNull('slot')
  const ends = rows.map(({ job, slot }) => `${job} at ${slot.toISOString()}`)
  const due = timetable.flatMap(({ name, cron, timeZone }) => {
    const times = CronExpressionParser.parse(cron, { currentDate: from, endDate: to, tz: timeZone })
    const slots: string[] = []
    while (times.hasNext()) slots.push(`${name} at ${times.next().toDate().toISOString()}`)
    return slots
  })
  return { ran: ends.length, twice: repeated(ends), missed: due.filter((slot) => !ends.includes(slot)) }
}

const repeated = (all: string[]): string[] => all.filter((one, index) => all.indexOf(one) !== index)
