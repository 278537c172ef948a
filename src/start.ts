import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Job } from '../jobs/engine/job.ts'
import type { TimetableOptions } from '../jobs/engine/worker.ts'
import { doubtsAboutRights } from './audit/rights.ts'
import { type Clock, openDatabaseClock } from './foundation/clock.ts'
import type { Config } from './foundation/config.ts'
import { openDatabase, requireChanges } from './foundation/database.ts'
import { followDatabaseTime } from './foundation/database-time.ts'
import { doubtsAbout } from './foundation/doubts.ts'
import { boundGarbage } from './foundation/garbage.ts'
import { type Log, openLog } from './foundation/log.ts'
import { pendingMigrations } from './foundation/migrate.ts'
import { databaseStartError } from './foundation/outage.ts'
import { type Random, systemRandom } from './foundation/random.ts'
import { requireSessions } from './foundation/sessions.ts'
import { StartError } from './foundation/start-error.ts'
import type { Tracing } from './foundation/tracing.ts'
import { openStandby, type World } from './foundation/world.ts'
import type { SlackSide } from './slack/open.ts'
import type { Learner } from './verification/learner.ts'
import type { Verifier } from './verification/verifier.ts'

export const processRoles = ['bot', 'verify', 'worker'] as const
export type ProcessRole = (typeof processRoles)[number]

export type Running = {
  /** the address of the HTTP server */
  url: string
  /** writes what was counted so far, which is otherwise done each second; for the demo's calendar */
  flush(): Promise<void>
  /** runs every job of the timetable once, now, on everything counted so far; for the demo's calendar */
  runTimetable(options?: TimetableOptions): Promise<void>
  /** lets go of everything, after what has begun came to its end */
  stop(): Promise<void>
}

export type StartOptions = {
  config: Config
  roles: readonly ProcessRole[]
  clock?: Clock
  random?: Random
  log?: Log
  /** the product's own unless given; for tests that wait for what runs every ten seconds */
  timetable?: readonly Job[]
}

/**
 * Starts the roles in this process. Slack and the queue are loaded only for the roles that need them, not for a
 * verifier.
 * @throws StartError
 */
export async function start(options: StartOptions): Promise<Running> {
  const { config } = options
  const log = options.log ?? openLog({ level: config.logLevel, tokenPrefix: config.tokenPrefix })
  const db = openDatabase(config.databaseUrl, {
    connections: 20,
    name: `keywarden ${options.roles.join(' ')}`,
  })
  const clock = options.clock ?? openDatabaseClock()
  const standby = options.roles.includes('bot') ? openStandby(config, 'keywarden statistics') : undefined
  const world: World = { config, log, db, standby, clock, random: options.random ?? systemRandom }
  const opened = new Opened(log)
  opened.push('database', () => db.destroy())
  opened.push('database', async () => standby?.destroy())
  const stop = () => opened.close()
  try {
    await checkDatabase(world)
    const { checkpoints } = config.audit
    if (checkpoints && options.roles.includes('worker'))
      await import('./audit/checkpoint-file.ts').then(({ requireAppendable }) =>
        requireAppendable(checkpoints),
      )
    const tracing = await openTracing(world, options.roles, opened)
    const { startWatching } = await import('./leases/confirm.ts')
    const time = await followDatabaseTime(world)
    opened.push('part', async () => time.stop())
    opened.push('confirmations', startWatching(world).stop)
    const parts = await startParts(world, options, opened)
    const verifier = options.roles.includes('verify') ? await startVerifier(world, opened) : undefined
    const isVerifierOnly = options.roles.every((role) => role === 'verify')
    const url = await startHttp(
      world,
      verifier,
      isVerifierOnly,
      { ...parts, traced: tracing?.around },
      opened,
    )
    log.info({ event: 'process.started', roles: options.roles, url }, 'keywarden is up')
    const flush = async () => verifier?.usage.flush()
    const runTimetable = async (options?: TimetableOptions) => {
      // Without the database jobs say so themselves.
      await flush().catch(() => undefined)
      await parts.runTimetable(options)
    }
    return { url, flush, runTimetable, stop }
  } catch (error) {
    await stop().catch(() => undefined)
    throw error
  }
}

/**
 * In this order, and how long each may take, in real milliseconds: what is left then ends with the process. Proxies notice
 * that no request should come any more, those that came in are answered, the parts carry to its end what they have begun,
 * all at once, and then their connections go.
 */
const stages = { drain: 61_000, server: 2_000, part: 6_000, confirmations: 300, database: 300 }

class Opened {
  readonly #log: Log
  readonly #closings: { stage: keyof typeof stages; close: () => Promise<void> }[] = []

  constructor(log: Log) {
    this.#log = log
  }

  push(stage: keyof typeof stages, close: () => Promise<void>): void {
    this.#closings.push({ stage, close })
  }

  async close(): Promise<void> {
    const all = this.#closings.splice(0)
    for (const [name, withinMs] of Object.entries(stages)) {
      const closed = Promise.all(all.filter(({ stage }) => stage === name).map(({ close }) => close()))
      const isLate = await Promise.race([closed, pause(withinMs, true, { ref: false })])
      if (isLate === true)
        this.#log.warn({ event: 'process.stop_delayed', stage: name }, 'stopping takes long')
    }
  }
}

/** Nothing is created here: an empty database is left as it is. */
async function checkDatabase({ db, config, log }: World): Promise<void> {
  try {
    await requireSessions(config.databaseUrl)
    const pending = await pendingMigrations(db)
    if (pending.length > 0)
      throw new StartError(
        `The database is ${pending.length} ${pending.length === 1 ? 'migration' : 'migrations'} behind. Run: keywarden migrate`,
      )
    for (const doubt of [...(await doubtsAbout(db)), ...(await doubtsAboutRights(db))])
      log.warn({ event: 'database.doubted', doubt }, 'the database is not as it should be')
  } catch (error) {
    throw databaseStartError(error) ?? error
  }
}

type Parts = {
  routes: ((server: FastifyInstance) => void)[]
  runTimetable(options?: TimetableOptions): Promise<void>
  late?: () => Promise<string[]>
  failed?: () => Promise<string[]>
  traced?: Tracing['around'] | undefined
}

/** Traces requests where the configuration says to; only then its libraries are loaded. */
async function openTracing(
  { config: { traces }, db }: World,
  roles: readonly ProcessRole[],
  opened: Opened,
): Promise<Tracing | undefined> {
  if (!traces) return undefined
  const { startTracing } = await import('./foundation/tracing.ts')
  const tracing = startTracing({ traces }, roles.join(' '))
  tracing.watch(db)
  opened.push('database', tracing.stop)
  return tracing
}

async function startParts(
  world: World,
  { roles: wanted, timetable }: StartOptions,
  opened: Opened,
): Promise<Parts> {
  const parts: Parts = { routes: [], runTimetable: async () => undefined }
  if (!wanted.includes('bot') && !wanted.includes('worker')) return parts
  const slack = await import('./slack/open.ts').then(({ openSlackSide }) => openSlackSide(world))
  opened.push('part', async () => slack.stop())
  if (wanted.includes('worker')) {
    const worker = await startWorker(world, slack, timetable)
    opened.push('part', worker.stop)
    parts.runTimetable = worker.runTimetable
    await import('./http/state-metrics.ts').then(({ measureState }) => measureState(world, worker.isRedisUp))
    parts.late = await showLateness(world)
    parts.failed = await showMessages(world)
  }
  if (wanted.includes('bot')) {
    await checkSecrets(world)
    const bot = slack.openBot()
    if (bot.addRoutes) parts.routes.push(bot.addRoutes)
    const [{ addScim }, { addOffboardings }, { addLeaks }] = await Promise.all([
      import('./http/scim.ts'),
      import('./http/offboardings.ts'),
      import('./http/leaks.ts'),
    ])
    parts.routes.push((server) => addScim(server, world, bot.offboard))
    parts.routes.push((server) => addOffboardings(server, world, bot.offboard))
    parts.routes.push((server) => addLeaks(server, world, () => void bot.actOnLeaks()))
    await bot.start()
    opened.push('part', bot.stop)
  }
  return parts
}

/** Encrypts the secrets of webhooks with the newest key, and refuses to start where some cannot be opened. */
async function checkSecrets({ db, config, log, random }: World): Promise<void> {
  const { inspectSecrets, resealSecrets, unreadableSentence } = await import('./directory/secrets.ts')
  const { unreadable, plain } = await inspectSecrets(db, config.secretKeys)
  if (unreadable.length > 0) throw new StartError(unreadableSentence(unreadable))
  await resealSecrets(db, config.secretKeys, random)
  if (plain > 0 && config.secretKeys.length === 0)
    log.warn(
      { event: 'webhook.secrets_plain', webhooks: plain },
      'secrets of webhooks are not encrypted in the database',
    )
}

async function startWorker(
  world: World,
  { deliver, offboard, actOnLeaks: leaks }: Pick<SlackSide, 'deliver' | 'offboard' | 'actOnLeaks'>,
  timetable: readonly Job[] | undefined,
) {
  const [{ openWorker }, { refuseCluster }] = await Promise.all([
    import('../jobs/engine/worker.ts'),
    import('./foundation/redis.ts'),
  ])
  await refuseCluster(world.config.redisUrl)
  return openWorker({ world, offboard, leaks, deliver: () => deliver({ seconds: 5 }) }, timetable)
}

/** A worker answers for how late the jobs are, in its metrics and its readiness. */
async function showLateness({ db, clock }: World): Promise<() => Promise<string[]>> {
  const [{ readLateness, lateSentences }, { measureJobs }] = await Promise.all([
    import('./foundation/lateness.ts'),
    import('./http/job-metrics.ts'),
  ])
  const states = () => readLateness(db, clock.now())
  measureJobs(states)
  return async () => lateSentences(await states())
}

/** A worker answers for the messages that wait or failed, in its metrics and its readiness. */
async function showMessages({ db, clock }: World): Promise<() => Promise<string[]>> {
  const [{ failedMessages, failedSentences, readBacklog }, { measureMessages }] = await Promise.all([
    import('./notifications/failed.ts'),
    import('./http/message-metrics.ts'),
  ])
  measureMessages(async () => {
    const now = clock.now()
    return { backlog: await readBacklog(db, now), now }
  })
  return async () => failedSentences(await failedMessages(db))
}

async function startVerifier(world: World, opened: Opened): Promise<Verifier> {
  boundGarbage()
  const { openVerifier } = await import('./verification/verifier.ts')
  const verifier = await openVerifier(world)
  opened.push('part', await stopOf(world, verifier))
  return verifier
}

/** Where a canary is configured the verifier answers for it too, until it stops. */
async function stopOf(
  world: World,
  { name, judge, knowledge, stop }: Verifier,
): Promise<() => Promise<void>> {
  if (world.config.canaryWorkspace === undefined) return stop
  const { startAnswering } = await import('./canary/answering.ts')
  const answering = startAnswering(world, { name, judge, incarnation: knowledge.learner.incarnation })
  // At once, since a database that hangs must not take the time that the last counts need.
  return async () => void (await Promise.all([answering.stop(), stop()]))
}

/** Where nothing can be saved a process has no work to do, and a verifier without a lease nothing to answer from. */
async function whyNotReady(db: World['db'], learner: Learner | undefined): Promise<string | undefined> {
  try {
    await requireChanges(db)
    return undefined
  } catch (error) {
    const why = databaseStartError(error)?.message ?? String(error)
    return [why, ...(learner?.troubles() ?? []).map((trouble) => `${trouble}.`)].join(' ')
  }
}

async function startHttp(
  world: World,
  verifier: Verifier | undefined,
  isVerifierOnly: boolean,
  { routes, late, failed, traced }: Parts,
  opened: Opened,
): Promise<string> {
  const { openHttp } = await import('./http/server.ts')
  const learner = verifier?.knowledge.learner
  const readiness = [
    async () => {
      // A verifier with a lease can do its work without the database, so an outage must not take it out of service.
      if (isVerifierOnly && learner?.mayAnswer()) return undefined
      return whyNotReady(world.db, learner)
    },
  ]
  const { server, beginDraining } = await openHttp(world, {
    verifier,
    readiness,
    routes,
    ...(late ? { late } : {}),
    ...(failed ? { failed } : {}),
    ...(traced ? { traced } : {}),
  }).catch((error: Error) => {
    throw new StartError(
      `The HTTP server cannot listen: ${error.message}. Check KEYWARDEN_HTTP_HOST, KEYWARDEN_HTTP_PORT and KEYWARDEN_OPERATIONS_PORT.`,
    )
  })
  opened.push('drain', async () => {
    beginDraining()
    await pause(world.config.http.drainMs)
  })
  opened.push('server', () => server.close())
  const address = server.server.address() as AddressInfo
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}
