/** npm run bench:ack: how soon Slack hears that a command arrived, 50 at once, and how soon the bot is there. */
import { setTimeout as pause } from 'node:timers/promises'
import { calls } from 'local-slack/person'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { startRedis } from '../sandbox/services/redis.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { newId } from '../src/foundation/ids.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { systemRandom } from '../src/foundation/random.ts'
import {
  type Contender,
  type Environment,
  end,
  launch,
  managers,
  openSlack,
  slackEnvironment,
  typeAtOnce,
} from './ack/contender.ts'
import { median, percentile, report } from './table.ts'

const limits = { acknowledgedP99Ms: 300, coldStartMs: 3_000 }
const atOnce = 50
const warmUpRounds = 3
const rounds = Number(process.env.ROUNDS ?? 12)
const starts = 5
const keyCount = 200

const root = new URL('../', import.meta.url).pathname
const keywarden = [`${root}bin/keywarden`, 'start', '--roles', 'bot']

const [postgres, redis] = await Promise.all([
  startPostgres({ log: console.error }),
  startRedis({ log: console.error }),
])
await migrate(postgres.url)
const services: Environment = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, KEYWARDEN_HTTP_PORT: '0' }

const coldStartMs = await coldStarts()
const product = await openProduct()
const bare = await openBare()
const acknowledged = { keywarden: [] as number[], 'a Bolt app that only acknowledges': [] as number[] }
for (let round = 0; round < warmUpRounds + rounds; round++) {
  const isCounted = round >= warmUpRounds
  const ours = await typeAtOnce(product, commands(round))
  await settled(product)
  const theirs = await typeAtOnce(bare, commands(round))
  if (!isCounted) continue
  acknowledged.keywarden.push(...ours)
  acknowledged['a Bolt app that only acknowledges'].push(...theirs)
}
await Promise.all([product.stop(), bare.stop()])
await Promise.all([postgres.stop(), redis.stop()])

const table = Object.fromEntries(
  Object.entries(acknowledged).map(([name, ms]) => [
    name,
    {
      'p50, ms': median(ms),
      'p99, ms': percentile(ms, 0.99),
      'max, ms': Math.max(...ms),
      commands: ms.length,
    },
  ]),
)
const figures = {
  acknowledgedP50Ms: median(acknowledged.keywarden),
  acknowledgedP99Ms: percentile(acknowledged.keywarden, 0.99),
  bareBoltP99Ms: percentile(acknowledged['a Bolt app that only acknowledges'], 0.99),
  coldStartMs: median(coldStartMs),
  coldStartSlowestMs: Math.max(...coldStartMs),
  limits,
}
const ok = figures.acknowledgedP99Ms < limits.acknowledgedP99Ms && figures.coldStartMs < limits.coldStartMs
const start = { 'p50, ms': figures.coldStartMs, 'max, ms': figures.coldStartSlowestMs }
report('ack', { ...table, 'cold start of the bot': start }, figures, ok)

/** What people type: mostly looking, some dialogs. */
function commands(round: number): string[] {
  const kinds = ['list', 'show Key 7', 'create', 'list active', 'deactivate Key 9']
  return Array.from({ length: atOnce }, (_, i) => kinds[(i + round) % kinds.length]!)
}

async function coldStarts(): Promise<number[]> {
  const slack = await openSlack()
  const took: number[] = []
  // The first one creates the workspace and fills the file system's memory; it does not count.
  for (let i = 0; i <= starts; i++) {
    const { child, ms } = await launch(
      keywarden,
      { ...services, ...slackEnvironment(slack) },
      /keywarden is up/,
    )
    await end(child)
    if (i > 0) took.push(ms)
  }
  await slack.close()
  return took
}

/** Keywarden with keys to show, and people who may. */
async function openProduct(): Promise<Contender> {
  const slack = await openSlack()
  const { child } = await launch(keywarden, { ...services, ...slackEnvironment(slack) }, /keywarden is up/)
  const db = openDatabase(postgres.url, { connections: 1, name: 'bench' })
  const { id: workspace } = await db('workspaces').first('id')
  const now = new Date()
  const rows = managers.map((user_id) => ({
    user_id,
    role: 'manager',
    workspace_id: workspace,
    added_at: now,
    changed_at: now,
  }))
  await db('members').insert(rows)
  const keys = Array.from({ length: keyCount }, (_, i) => ({
    ...{ id: newId('key', systemRandom), workspace_id: workspace, name: `Key ${i}`, name_folded: `key ${i}` },
    ...{ scopes: ['read'], status: 'active', hint: 'tml_Ab3d...', token_hash: Buffer.from(systemRandom(32)) },
    ...{
      owner_id: managers[0],
      created_by: managers[0],
      created_at: now,
      revealed_at: now,
      revealed_by: managers[0],
    },
    ...{ status_changed_at: now, status_changed_by: managers[0] },
  }))
  await db('keys').insert(keys)
  await db.destroy()
  return { slack, stop: () => end(child).then(() => slack.close()) }
}

async function openBare(): Promise<Contender> {
  const slack = await openSlack()
  const command = [process.execPath, '--import', 'tsx', `${root}bench/ack/bare.ts`]
  const { child } = await launch(command, slackEnvironment(slack), /^up$/)
  return { slack, stop: () => end(child).then(() => slack.close()) }
}

/** Waits until the bot has nothing more to say, so that a round does not pay for the one before. */
async function settled({ slack }: Contender): Promise<void> {
  for (let before = -1, now = 0; now !== before; ) {
    before = now
    await pause(300)
    now = (await calls(slack.url)).length + (slack.connections() === 0 ? Number.NaN : 0)
  }
  // Ephemeral messages and dialogs of the last round go, as when a client starts anew.
  for (const id of managers) slack.reload(id)
}
