import { type LocalSlack, startSlack } from 'local-slack'
import type { Fault } from 'local-slack/contract'
import { acme } from 'local-slack/seed'
import { startPostgres } from '../../../sandbox/services/postgres.ts'
import { type RedisServer, startRedis } from '../../../sandbox/services/redis.ts'
import { readConfig } from '../../../src/foundation/config.ts'
import { type Database, openDatabase } from '../../../src/foundation/database.ts'
import { openLog } from '../../../src/foundation/log.ts'
import { migrate } from '../../../src/foundation/migrate.ts'
import { systemRandom } from '../../../src/foundation/random.ts'
import { openWebClient } from '../../../src/foundation/slack.ts'
import { startWatching } from '../../../src/leases/confirm.ts'
import { plant } from '../../setup/plant.ts'
import { judge, type Verdict } from './judge.ts'
import { openTelling, owner as ownerId } from './tell.ts'

const channels = 10

export type Scene = {
  slack: LocalSlack
  redis: RedisServer
  db: Database
  env: Record<string, string>
  /** keys that will have findings: three in each of half the workspaces, the rest spread over the others */
  plantKeys(count: number, expiresInDays: number): Promise<void>
  /** puts about so many messages of all the other kinds */
  tell(messages: number, turn: number): Promise<void>
  /** somebody deletes some of the messages that are kept up to date */
  deleteSome(count: number): Promise<void>
  /** a channel takes no messages until it is back */
  lose(isLost: boolean): Promise<void>
  fault(fault: Fault): Promise<void>
  /** messages that are due and not completed */
  waiting(): Promise<number>
  /** messages that are due but were never put: keys without a finding */
  unnoticed(): Promise<number>
  /** the number of the last message */
  count(): Promise<number>
  /** the seconds that the messages since then take where most of them go, at one a second */
  paceSince(count: number): Promise<number>
  verdict(): Promise<Verdict>
  advance(ms: number): void
  close(): Promise<void>
}

/** A Slack, a Postgres and a Redis of its own, and ten workspaces with a channel each. */
export async function openScene(): Promise<Scene> {
  let aheadMs = 0
  const clock = { now: () => new Date(Date.now() + aheadMs) }
  const [postgres, redis] = await Promise.all([
    startPostgres({ durable: false, own: true }),
    startRedis({ own: true }),
  ])
  const slack = await startSlack({
    clock,
    seed: seedWithChannels(),
    manifest: new URL('../../../manifest.yml', import.meta.url).pathname,
    retryDelaysSeconds: [],
    postLimit: { perSecond: 1000, burst: 100_000 },
  })
  await migrate(postgres.url)
  const db = openDatabase(postgres.url, { connections: 4, name: 'fault scene' })
  const workspaces = await makeWorkspaces(db)
  let planted = 0

  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  }
  const config = readConfig(env)
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const world = { config, log, db, clock, random: systemRandom }
  const web = openWebClient(world)
  const watching = startWatching(world)
  const lost = { id: 'C0FAULTS00', destination: 'channel:faults-0' }
  const everLost = new Set<string>()

  return {
    slack,
    redis,
    db,
    env,
    tell: openTelling(world, (user) => slack.runStep('offboard_person', { user })),
    async deleteSome(count) {
      const some = await db('posted_messages').orderByRaw('random()').limit(count).select('channel_id', 'ts')
      for (const { channel_id: channel, ts } of some)
        await web.chat.delete({ channel, ts }).catch(() => undefined)
    },
    async lose(isLost) {
      everLost.add(lost.destination)
      await slack.archiveChannel(lost.id, isLost)
    },
    async plantKeys(count, expiresInDays) {
      const few = workspaces.slice(0, channels / 2)
      const many = workspaces.slice(channels / 2)
      for (let n = 0; n < count; n++) {
        const alone = n < few.length * 3
        const workspace = alone ? few[n % few.length]! : many[n % many.length]!
        const expiresAt = new Date(clock.now().getTime() + expiresInDays * 86_400_000 - 3_600_000)
        batch(workspace).push({ name: `Key ${++planted}`, ownerId, lifetimeDays: 90, expiresAt })
      }
      for (const [workspace, keys] of batches) await plant({ db, clock }, workspace, keys)
      batches.clear()
    },
    fault: (fault) => post(`${slack.url}/faults`, fault),
    waiting: async () =>
      Number(
        (
          await db('outbox')
            .whereNull('completed_at')
            .where((one) => one.whereNull('not_before').orWhere('not_before', '<=', clock.now()))
            .count('* as n')
        )[0]!.n,
      ),
    unnoticed: async () => {
      const { rows } = await db.raw(
        `select count(*) as n from keys where name like 'Key %'
           and not exists (select from findings where key_id = keys.id)`,
      )
      return Number(rows[0].n)
    },
    count: async () => Number((await db('outbox').max({ n: 'seq' }))[0]!.n ?? 0),
    async paceSince(count) {
      const { rows } = await db.raw(
        `select coalesce(max(n), 0)::int as n from (select count(*) as n from outbox
           where seq > ? and completed_at is not null group by destination) as d`,
        [count],
      )
      return rows[0].n
    },
    verdict: () => judge({ world, slack, web, lost: everLost }),
    advance(ms) {
      aheadMs += ms
    },
    async close() {
      await watching.stop()
      await db.destroy()
      await slack.close()
      await Promise.all([postgres.stop(), redis.stop()])
    },
  }
}

type Batch = Parameters<typeof plant>[2][number]
const batches = new Map<string, Batch[]>()
function batch(workspace: string): Batch[] {
  const existing = batches.get(workspace) ?? []
  batches.set(workspace, existing)
  return existing
}

function seedWithChannels() {
  const seed = acme()
  for (let n = 0; n < channels; n++)
    seed.channels.push({
      id: `C0FAULTS${String(n).padStart(2, '0')}`,
      name: `faults-${n}`,
      kind: 'channel',
      archived: false,
      shared: false,
      members: [ownerId, 'U0BOT00010'],
    })
  return seed
}

async function makeWorkspaces(db: Database): Promise<string[]> {
  const at = new Date()
  await db('accounts').insert({ id: 'acc_faults', slack_team_id: 'T0ACME0001', name: 'ACME', created_at: at })
  const ids = Array.from({ length: channels }, (_, n) => `ws_${n}`)
  for (const [n, id] of ids.entries()) {
    const policy = {
      alertChannel: `faults-${n}`,
      quietFrom: '00:00',
      quietUntil: '00:00',
      offboardingByWorkflow: true,
    }
    await db('workspaces').insert({
      id,
      account_id: 'acc_faults',
      name: id,
      name_folded: id,
      policy: JSON.stringify(policy),
      created_at: at,
    })
    const row = { workspace_id: id, added_at: at, changed_at: at }
    await db('members').insert([
      { ...row, user_id: ownerId, role: 'owner' },
      { ...row, user_id: 'U0BRUNO002', role: 'manager' },
    ])
  }
  return ids
}

async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}
