import { type LocalSlack, startSlack } from 'local-slack'
import type { Call, Fault } from 'local-slack/contract'
import { acme } from 'local-slack/seed'
import { startPostgres } from '../../../sandbox/services/postgres.ts'
import { type RedisServer, startRedis } from '../../../sandbox/services/redis.ts'
import { type Database, openDatabase } from '../../../src/foundation/database.ts'
import { migrate } from '../../../src/foundation/migrate.ts'
import { plant } from '../../setup/plant.ts'

const channels = 10
const ownerId = 'U0ADA00001'

export type Scene = {
  slack: LocalSlack
  redis: RedisServer
  db: Database
  env: Record<string, string>
  /** keys that will have findings: three in each of half the workspaces, the rest spread over the others */
  plantKeys(count: number, expiresInDays: number): Promise<void>
  fault(fault: Fault): Promise<void>
  /** messages that are not completed */
  waiting(): Promise<number>
  /** messages that are due but were never put: keys without a finding */
  unnoticed(): Promise<number>
  verdict(): Promise<Verdict>
  advance(ms: number): void
  close(): Promise<void>
}

/** The messages in Slack compared with the outbox. */
export type Verdict = { alerts: number; lost: number; duplicates: number }

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
    postLimit: { perSecond: 1000, burst: 100_000 },
  })
  await migrate(postgres.url)
  const db = openDatabase(postgres.url, { connections: 4, name: 'fault scene' })
  const workspaces = await makeWorkspaces(db)
  let planted = 0

  return {
    slack,
    redis,
    db,
    env: {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
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
    waiting: async () => Number((await db('outbox').whereNull('completed_at').count('* as n'))[0]!.n),
    unnoticed: async () => {
      const { rows } = await db.raw(
        `select count(*) as n from keys where not exists (select from findings where key_id = keys.id)`,
      )
      return Number(rows[0].n)
    },
    verdict: () => judge(db, slack),
    advance(ms) {
      aheadMs += ms
    },
    async close() {
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
    const policy = { alertChannel: `faults-${n}`, quietFrom: '00:00', quietUntil: '00:00' }
    await db('workspaces').insert({
      id,
      account_id: 'acc_faults',
      name: id,
      name_folded: id,
      policy: JSON.stringify(policy),
      created_at: at,
    })
    const row = { workspace_id: id, user_id: ownerId, role: 'owner', added_at: at, changed_at: at }
    await db('members').insert(row)
  }
  return ids
}

/** Every message must be in Slack once: posts that Slack accepted are counted by the message they carry. */
export async function judge(db: Database, slack: LocalSlack): Promise<Verdict> {
  const response = await fetch(`${slack.url}/calls?method=chat.postMessage`)
  const calls = (await response.json()) as Call[]
  const seen = new Map<string, number>()
  for (const { args, reply } of calls) {
    // An answer to a person is no message of the outbox.
    if (reply.ok !== true || !args.metadata) continue
    const { event_payload } = args.metadata as { event_payload: { message: string } }
    seen.set(event_payload.message, (seen.get(event_payload.message) ?? 0) + 1)
  }
  const messages = await db('outbox').select('id', 'outcome')
  const lost = messages.filter(({ id, outcome }) => !(seen.has(id) || outcome === 'moot'))
  const duplicates = [...seen.values()].reduce((sum, times) => sum + times - 1, 0)
  return { alerts: messages.length, lost: lost.length, duplicates }
}

async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}
