import { readFile } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { parse } from 'yaml'
import { doubtsAboutRights } from '../audit/rights.ts'
import { inspectSecrets, unreadableSentence } from '../directory/secrets.ts'
import { systemClock } from '../foundation/clock.ts'
import type { Config } from '../foundation/config.ts'
import { type Database, openDatabase, requireChanges } from '../foundation/database.ts'
import { doubtsAbout } from '../foundation/doubts.ts'
import { lateSentences, readLateness } from '../foundation/lateness.ts'
import { openLog } from '../foundation/log.ts'
import { pendingMigrations } from '../foundation/migrate.ts'
import { packageRoot } from '../foundation/package-root.ts'
import { systemRandom } from '../foundation/random.ts'
import { clusterSentence, isCluster } from '../foundation/redis.ts'
import { requireSessions } from '../foundation/sessions.ts'
import { historyScopes, openWebClient, slackStartError } from '../foundation/slack.ts'
import { allWorkspaces } from '../workspaces/workspace.ts'
import { checkAudit } from './doctor-audit.ts'
import { checkCanary } from './doctor-canary.ts'
import { doctorLive, type TryLive } from './doctor-live.ts'
import { checkMessages } from './doctor-messages.ts'
import { checkNode } from './doctor-node.ts'
import { aboutDatabase, bad, type Check, type Finding, good, warning } from './finding.ts'
import { printOut } from './print.ts'

/**
 * Prints a line per check; with `live`, also one for each thing that is tried on Slack, in messages to `live.to` or
 * the first owner. Returns 1 when something fails, 0 otherwise; warnings do not count.
 */
export async function doctor(
  config: Config,
  live?: { to: string | undefined; tryLive: TryLive },
): Promise<number> {
  const checks: [string, Check][] = [
    ['Node', async () => [checkNode(process.versions.node)]],
    ['Postgres', postgres],
    ['Audit', checkAudit],
    ['Secrets', secrets],
    ['Canary', checkCanary],
    ['Redis', redis],
    ['Slack', slack],
    ['Messages', checkMessages],
  ]
  let code = 0
  for (const [name, check] of checks) {
    const findings = await check(config).catch((error: Error) => [bad(error.message)])
    for (const { state, said } of findings) {
      printOut(`${state.padEnd(4)}  ${name.padEnd(9)} ${said}`)
      if (state === 'FAIL') code = 1
    }
  }
  if (!live) return code
  const channels = await alertChannelNames(config)
  const wanted = { to: live.to, channels, scopes: await manifestScopes() }
  return Math.max(code, await doctorLive(config, live.tryLive, wanted))
}

const postgres: Check = async ({ databaseUrl }) => {
  const db = openDatabase(databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    const { rows } = await db.raw(`select current_setting('server_version_num')::int as version`)
    const major = Math.floor(rows[0].version / 10_000)
    if (major < 15) return [bad(`version ${major} is too old; Keywarden needs 15 or newer`)]
    await requireSessions(databaseUrl)
    const pending = await pendingMigrations(db)
    if (pending.length === 0) await requireChanges(db)
    const doubts = pending.length === 0 ? [...(await doubtsAbout(db)), ...(await doubtsAboutRights(db))] : []
    return [
      good(`version ${major}`),
      pending.length === 0
        ? good('schema is up to date')
        : bad(`${pending.length} migrations are pending; run: keywarden migrate`),
      ...doubts.map(warning),
      ...(pending.length === 0 ? await jobs(db) : []),
    ]
  } catch (error) {
    return [bad(aboutDatabase(error as Error).replace(/^Postgres /, ''))]
  } finally {
    await db.destroy()
  }
}

/** Checks for late jobs, and for jobs whose last run failed. A worker that never ran cannot be judged. */
async function jobs(db: Database): Promise<Finding[]> {
  const states = await readLateness(db, systemClock.now())
  const late = lateSentences(states).map((said) => bad(`job ${said}; is a worker running?`))
  const failed = states.filter((state) => state.error !== null)
  const errors = failed.map(({ job, error }) => bad(`job ${job} failed: ${error}`))
  if (states.length === 0 || late.length + errors.length > 0) return [...late, ...errors]
  return [good(`${states.length} jobs are on time`)]
}

/** Checks that the secrets of webhooks are encrypted, and with keys that are there. */
const secrets: Check = async ({ databaseUrl, secretKeys }) => {
  const db = openDatabase(databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    // Postgres, or a schema that is not there yet, has its own line.
    const found = await inspectSecrets(db, secretKeys).catch(() => undefined)
    if (!found) return []
    if (found.unreadable.length > 0) return [bad(unreadableSentence(found.unreadable))]
    if (found.plain === 0) return [good(`${found.sealed} webhooks, all encrypted`)]
    return [
      warning(
        `${found.plain} webhooks have their secret in plain text in the database; set KEYWARDEN_SECRET_KEYS and restart`,
      ),
    ]
  } finally {
    await db.destroy()
  }
}

const redis: Check = async ({ redisUrl }) => {
  // A verifier's start loads this file, too, and does without both.
  const [{ openRedis }, { tryQueue }] = await Promise.all([
    import('../foundation/redis.ts'),
    import('../foundation/queue-trial.ts'),
  ])
  const client = openRedis(redisUrl, { isOnce: true, connectTimeout: 2_000, socketTimeout: 2_000 })
  // The rejected call only says that the connection is closed; the event has the reason.
  let why = ''
  client.on('error', (error) => {
    why ||= error.message
  })
  try {
    await client.connect()
    const info = await client.info()
    if (isCluster(info)) return [bad(clusterSentence)]
    const version = /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? 'unknown'
    if (Number.parseFloat(version) < 6.2) return [bad(`version ${version}; BullMQ needs 6.2`)]
    const policy = await evictionPolicy(client)
    if (policy.state === 'FAIL') return [good(`version ${version}`), policy]
    await tryQueue({ url: redisUrl, prefix: 'keywarden' }, systemRandom)
    return [good(`version ${version}`), policy, good('a job of its own was run and removed')]
  } catch (error) {
    const { name, message } = error as Error
    if (name === 'ReplyError' || client.status === 'ready')
      return [bad(`does not run jobs (${message}); check its rights, its memory, and that it is the primary`)]
    return [bad(`cannot be reached (${why || message}); check REDIS_URL`)]
  } finally {
    client.disconnect()
  }
}

async function evictionPolicy(client: Redis): Promise<Finding> {
  const policy = (/maxmemory_policy:(\S+)/.exec(await client.info('memory')) ?? [])[1]
  if (policy === 'noeviction') return good('eviction policy noeviction')
  return bad(`eviction policy ${policy} may drop jobs; run: redis-cli config set maxmemory-policy noeviction`)
}

const slack: Check = async (config) => {
  if (config.slack.botToken === '')
    return [bad('SLACK_BOT_TOKEN is missing. Example: SLACK_BOT_TOKEN=xoxb-1234-5678-abcdef')]
  const web = openWebClient({ config, log: openLog({ level: 'silent', tokenPrefix: config.tokenPrefix }) })
  const auth = await web.auth.test().catch((error) => {
    throw slackStartError(error, 'SLACK_BOT_TOKEN', 'OAuth & Permissions', config.slack.apiUrl)
  })
  const granted = auth.response_metadata?.scopes ?? []
  const missing = (await neededScopes(config)).filter((scope) => !granted.includes(scope))
  return [
    good(`bot ${auth.user} in ${auth.team}`),
    missing.length === 0
      ? good('scopes match manifest.yml')
      : bad(`scopes ${missing.join(', ')} are missing; update the app from manifest.yml and reinstall it`),
    ...(await alertChannels(web, config)),
  ]
}

const alertChannels = async (web: Paginating, config: Config): Promise<Finding[]> =>
  Promise.all(
    (await alertChannelNames(config)).map((name) =>
      alertChannel(web, name).catch((error) => bad(noChannels(error))),
    ),
  )

/** The alert channel of each workspace; before the first start, the one in the configuration. */
async function alertChannelNames(config: Config): Promise<string[]> {
  const db = openDatabase(config.databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    const workspaces = await allWorkspaces(db).catch(() => [])
    const names = new Set(workspaces.map((workspace) => workspace.policy.alertChannel))
    return names.size === 0 ? [config.alertChannel] : [...names]
  } finally {
    await db.destroy()
  }
}

const noChannels = ({ data, message }: Error & { data?: { needed?: string } }): string =>
  data?.needed
    ? `the alert channel cannot be looked up without the scope ${data.needed}; update the app from manifest.yml and reinstall it`
    : `the alert channel cannot be looked up (${message}); run doctor again`

async function manifestScopes(): Promise<string[]> {
  const manifest = parse(await readFile(new URL('manifest.yml', packageRoot()), 'utf8'))
  return manifest.oauth_config.scopes.bot
}

/** The scopes of the manifest, without those of the history where it is not searched. */
async function neededScopes({ slack }: Config): Promise<string[]> {
  const scopes = await manifestScopes()
  return slack.history ? scopes : scopes.filter((scope) => !historyScopes.includes(scope))
}

type Paginating = { paginate(method: string, options: Record<string, unknown>): AsyncIterable<unknown> }

async function alertChannel(web: Paginating, name: string): Promise<Finding> {
  const types = 'public_channel,private_channel'
  for await (const page of web.paginate('conversations.list', {
    types,
    exclude_archived: true,
    limit: 1000,
  })) {
    const { channels = [] } = page as { channels?: Channel[] }
    const channel = channels.find((c) => c.name === name || c.id === name)
    if (channel?.is_member) return good(`the bot is in #${channel.name}`)
    if (channel?.is_private === false)
      return good(`#${channel.name} is public; the bot joins with the first alert`)
    if (channel) return bad(`the bot is not in #${channel.name}; type there: /invite @Keywarden`)
  }
  return bad(
    `there is no channel #${name} that the bot can see; create it, or invite the bot if it is private`,
  )
}

type Channel = { id: string; name: string; is_member?: boolean; is_private?: boolean }
