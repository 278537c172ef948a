import { type LocalSlack, startSlack } from 'local-slack'
import { perform } from '../src/acts/perform.ts'
import { type Config, readConfig } from '../src/foundation/config.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { type Log, openLog } from '../src/foundation/log.ts'
import { systemRandom } from '../src/foundation/random.ts'
import { isRefusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import type { World } from '../src/foundation/world.ts'
import { type ProcessRole, processRoles, type Running, type StartOptions, start } from '../src/start.ts'
import { createServiceToken } from '../src/workspaces/service-tokens.ts'
import { workspacesOfTeam } from '../src/workspaces/workspace.ts'
import { type Calendar, openCalendar } from './calendar.ts'
import { operationsToken } from './operations.ts'
import { openPlatform, type Platform } from './platform.ts'

export type HouseOptions = {
  databaseUrl: string
  redisUrl: string
  /** Socket Mode unless said otherwise, as in production */
  mode?: 'socket' | 'http'
  roles?: readonly ProcessRole[]
  calendar?: Calendar
  page?: boolean
  ports?: { slack: number; platform: number; keywarden: number }
  log?: Log
  timetable?: StartOptions['timetable']
  /** the file of another manifest than the product's */
  manifest?: string
  env?: Record<string, string>
}

/** Everything of the product on one machine: a local Slack, a toy platform, and Keywarden between them. */
export type House = {
  slack: LocalSlack
  platform: Platform
  keywarden: Running
  /** the same database, clock and configuration that Keywarden has */
  world: World
  calendar: Calendar
  serviceToken: string
  close(): Promise<void>
}

/** Opens a house on a migrated, empty database. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const calendar = options.calendar ?? openCalendar()
  const closing: (() => Promise<unknown>)[] = []
  let keywarden: Running | undefined
  const slack = await startSlack({
    clock: calendar,
    manifest: options.manifest ?? new URL('../manifest.yml', import.meta.url).pathname,
    page: options.page ?? false,
    port: options.ports?.slack ?? 0,
    onAdvance: async ({ days, minutes }) =>
      moveCalendar(calendar, days, minutes, (isQuick) =>
        keywarden!.runTimetable(isQuick ? { without: seldom, atOnce: 4 } : { atOnce: 4 }),
      ),
  })
  const config = configFor(slack, options)
  const log = options.log ?? openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const db = openDatabase(options.databaseUrl, { connections: 4, name: 'sandbox', connectMs: 30_000 })
  const world: World = { config, log, db, clock: calendar, random: systemRandom }
  closing.push(
    () => slack.close(),
    () => db.destroy(),
  )
  try {
    const { timetable } = options
    keywarden = await start({
      ...{ config, roles: options.roles ?? processRoles, clock: calendar, log },
      ...(timetable ? { timetable } : {}),
    })
    closing.push(keywarden.stop)
    if (options.mode === 'http') slack.deliverOverHttp(`${keywarden.url}/slack/events`)
    await neverQuiet(world)
    const serviceToken = await newServiceToken(world, slack.teamId)
    const platform = await openPlatform(() => keywarden!.url, serviceToken, {
      clock: calendar,
      port: options.ports?.platform,
    })
    closing.push(() => platform.close())
    return { slack, platform, keywarden, world, calendar, serviceToken, close }
  } catch (error) {
    await close()
    throw error
  }

  async function close() {
    for (const step of closing.splice(0).reverse()) await step()
  }
}

function configFor(slack: LocalSlack, options: HouseOptions): Config {
  return readConfig(
    {
      DATABASE_URL: options.databaseUrl,
      REDIS_URL: options.redisUrl,
      SLACK_MODE: options.mode ?? 'socket',
      SLACK_BOT_TOKEN: slack.botToken,
      // The local Slack takes a hundred at once.
      KEYWARDEN_SLACK_BURST: '100',
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      KEYWARDEN_HTTP_PORT: String(options.ports?.keywarden ?? 0),
      KEYWARDEN_OPERATIONS_TOKEN: operationsToken,
      ...options.env,
    },
    options.roles ?? processRoles,
  )
}

/**
 * Jobs about requests and about what people change, and upkeep: nobody does either while the calendar is moved, so that
 * after the first day they find nothing new, and once a month is enough.
 */
const seldom: ReadonlySet<string> = new Set([
  ...['usage-rollup', 'usage-sink', 'unusual-use', 'new-sources', 'dead-keys-in-use', 'shared-keys'],
  ...['write-without-expiry', 'orphaned-keys'],
  ...['leaks', 'leaked-keys', 'offboarding-missed', 'retention', 'audit-checkpoint', 'audit-refusals'],
])

/**
 * Moves day by day and runs what the timetable holds on each, as it would have run in that time; what would find nothing
 * is left out on most days (`isQuick`). BullMQ's own timers know nothing of this calendar.
 */
async function moveCalendar(
  calendar: Calendar,
  days: number,
  minutes: number,
  run: (isQuick: boolean) => Promise<void>,
) {
  for (let day = 0; day < days; day++) {
    calendar.advance({ days: 1, minutes: 0 })
    await run(day % 30 !== 0 && day < days - 1)
  }
  if (minutes > 0) {
    calendar.advance({ days: 0, minutes })
    await run(false)
  }
}

/** No quiet hours, as people and tests that try it at night want to see alerts at once. */
async function neverQuiet({ db }: World): Promise<void> {
  const never = JSON.stringify({ quietFrom: '00:00', quietUntil: '00:00' })
  await db('workspaces').update({ policy: db.raw('policy || ?::jsonb', [never]) })
}

async function newServiceToken(world: World, teamId: string): Promise<string> {
  const [workspace] = await workspacesOfTeam(world.db, teamId)
  const account = { id: workspace!.accountId, workspaceId: workspace!.id }
  const made = await perform(world, { kind: 'operator', id: 'sandbox' }, (act) =>
    createServiceToken(act, account, 'toy platform', world.random),
  )
  if (isRefusal(made)) throw new Error(plain(made.message))
  return made.secret
}
