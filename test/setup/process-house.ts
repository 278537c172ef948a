import { type LocalSlack, startSlack } from 'local-slack'
import { type PersonClient, person } from 'local-slack/person'
import { people } from '../../sandbox/acting.ts'
import { perform } from '../../src/acts/perform.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import type { World } from '../../src/foundation/world.ts'
import { createServiceToken } from '../../src/workspaces/service-tokens.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { keywarden, type Process } from './process.ts'

/** Keywarden as a process of its own, beside a local Slack in this one. */
export type ProcessHouse = {
  slack: LocalSlack
  process: Process
  /** where the process listens */
  url: string
  env: Record<string, string>
  /** the same database, for a test's own questions */
  world: World
  serviceToken: string
  as(who: keyof typeof people): PersonClient
  /** asks /v1/verify; the HTTP status, and the verdict's code where there is one */
  verify(key: string): Promise<{ status: number; code?: string; retryAfter: string | null }>
  /** every line it logged, read as JSON */
  logged(): Record<string, unknown>[]
  stop(): Promise<number | null>
}

/** On databases that are migrated and empty; the manager is one. */
export async function processHouse(
  urls: { databaseUrl: string; redisUrl: string },
  more: Record<string, string> = {},
): Promise<ProcessHouse> {
  const manifest = new URL('../../manifest.yml', import.meta.url).pathname
  const slack = await startSlack({ clock: systemClock, manifest })
  const env = {
    DATABASE_URL: urls.databaseUrl,
    REDIS_URL: urls.redisUrl,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    KEYWARDEN_SLACK_BURST: '100',
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    KEYWARDEN_HTTP_PORT: '0',
    ...more,
  }
  const process = keywarden(['start'], env)
  const db = openDatabase(urls.databaseUrl, { connections: 4, name: 'test', connectMs: 30_000 })
  const config = readConfig(env)
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const world: World = { config, db, log, clock: systemClock, random: systemRandom }
  try {
    await process.saysSoon(/keywarden is up/, 50)
    const serviceToken = await prepare(world, slack.teamId)
    return { slack, process, url: urlOf(process), env, world, serviceToken, as, verify, logged, stop }

    async function verify(key: string) {
      const response = await fetch(`${urlOf(process)}/v1/verify`, {
        method: 'POST',
        headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
      })
      const { code } = (await response.json()) as { code?: string }
      return { status: response.status, code, retryAfter: response.headers.get('retry-after') }
    }
  } catch (error) {
    await stop()
    throw error
  }

  function as(who: keyof typeof people) {
    return person(slack.url, people[who])
  }

  function logged() {
    const lines = process.said().split('\n')
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  }

  async function stop() {
    const code = await process.stop()
    await db.destroy()
    await slack.close()
    return code
  }
}

const urlOf = (process: Process): string =>
  JSON.parse(/^.*"keywarden is up".*$/m.exec(process.said())![0]).url

/** Makes a manager, and the platform's credential, which it answers. */
export async function prepare(world: World, teamId: string): Promise<string> {
  const [workspace] = await workspacesOfTeam(world.db, teamId)
  const now = world.clock.now()
  await world.db('members').insert({
    ...{ workspace_id: workspace!.id, user_id: people.manager, role: 'manager' },
    ...{ added_at: now, changed_at: now },
  })
  const account = { id: workspace!.accountId, workspaceId: workspace!.id }
  const made = await perform(world, { kind: 'operator', id: 'test' }, (act) =>
    createServiceToken(act, account, 'platform', world.random),
  )
  if (isRefusal(made)) throw new Error(String(made.message))
  return made.secret
}
