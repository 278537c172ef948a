import pMap from 'p-map'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { rememberEmails } from '../../src/directory/emails.ts'
import { generateToken } from '../../src/keys/token.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import { type Workspace, workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { people } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { keywarden, type Process } from '../setup/process.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { must } from '../setup/records.ts'
import { freshRedis } from '../setup/redis.ts'

const leavers = Array.from({ length: 40 }, (_, nth) => ({
  slackId: `U0LEAVER0${nth}`,
  email: `leaver${nth}@acme.example`,
}))
/** The directory and the HR system each report some whom the other does not, and eight whom both do. */
const byDirectory = leavers.slice(0, 24)
const byWebhook = leavers.slice(16)

let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let house: ProcessHouse
let second: Process
let workspace: Workspace
/** Both processes have every role. */
let urls: string[]
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url })
  second = keywarden(['start'], house.env)
  const said = await second.saysSoon(/keywarden is up/, 50)
  urls = [house.url, JSON.parse(/^.*"keywarden is up".*$/m.exec(said)![0]).url]
  workspace = (await workspacesOfTeam(house.world.db, house.slack.teamId))[0]!
  const known = leavers.map(({ slackId, email }) => ({ userId: slackId, email }))
  await rememberEmails(house.world.db, workspace.accountId, known, house.world.clock.now())
}, 120_000)
afterAll(async () => {
  await second?.stop()
  await house?.stop()
  await Promise.all([database.drop(), redis.drop()])
})

async function connect(kind: 'scim' | 'webhook') {
  const { world } = house
  const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace.id } as const
  return must(await perform(world, owner, (act) => makeConnection(act, workspace, kind, world)))
}

async function openScim() {
  const { secret } = await connect('scim')
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/scim+json' }
  return (url: string, method: string, path: string, body: unknown) =>
    fetch(`${url}/scim/v2${path}`, { method, headers, body: JSON.stringify(body) })
}

async function openWebhook() {
  const { connection, secret } = await connect('webhook')
  return (url: string, user: string) => {
    const body = JSON.stringify({ user })
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers = {
      'idempotency-key': user,
      'x-keywarden-connection': connection.id,
      'x-keywarden-timestamp': timestamp,
      'x-keywarden-signature': `v1=${sign(secret, timestamp, body)}`,
    }
    return fetch(`${url}/v1/offboardings`, { method: 'POST', headers, body })
  }
}

/** Two keys of each. */
async function plantKeys(): Promise<string[]> {
  const { world } = house
  const made = leavers
    .flatMap(({ slackId }) => [slackId, slackId])
    .map((ownerId) => ({ ownerId, token: generateToken(world.config.tokenPrefix, world.random) }))
  const keys = made.map(({ ownerId, token }, nth) => ({
    ...{ name: `Key ${nth}`, ownerId, tokenHash: token.hash() },
  }))
  await plant(world, workspace.id, keys)
  return made.map(({ token }) => token.open())
}

test('two processes take what a directory and an HR system report at once, each leaver and key once, and block each other never', async () => {
  const { db } = house.world
  const tokens = await plantKeys()
  for (const token of tokens) expect((await house.verify(token)).code).toBe('VALID')
  const [scim, webhook] = [await openScim(), await openWebhook()]
  const ids = new Map<string, string>()
  for (const { email } of byDirectory) {
    const response = await scim(urls[0]!, 'POST', '/Users', { userName: email, active: true })
    ids.set(email, ((await response.json()) as { id: string }).id)
  }

  const deactivated = { Operations: [{ op: 'replace', value: { active: false } }] }
  const requests = [
    ...byDirectory.map(
      ({ email }, nth) =>
        () =>
          scim(urls[nth % 2]!, 'PATCH', `/Users/${ids.get(email)}`, deactivated),
    ),
    ...byWebhook.map(
      ({ slackId }, nth) =>
        () =>
          webhook(urls[nth % 2]!, slackId),
    ),
  ]
  // As many at once as a directory sends; more would wait in line longer than anybody waits for a lock.
  const statuses = await pMap(requests, async (request) => (await request()).status, { concurrency: 8 })
  expect(statuses.filter((status) => status !== 200 && status !== 202)).toEqual([])
  await expect
    .poll(() => db('offboardings').where({ state: 'done' }).pluck('user_id'), { timeout: 60_000 })
    .toHaveLength(leavers.length)

  for (const token of tokens) expect((await house.verify(token)).code).not.toBe('VALID')
  const { rows } = await db.raw(
    `select event, count(*) as n from audit_events
     where event like 'offboarding.%' or event = 'key.deactivated' group by 1 order by 1`,
  )
  expect(rows).toEqual([
    { event: 'key.deactivated', n: tokens.length },
    { event: 'offboarding.completed', n: leavers.length },
    { event: 'offboarding.joined', n: byDirectory.length + byWebhook.length - leavers.length },
    { event: 'offboarding.requested', n: leavers.length },
  ])
  const { rows: stats } = await db.raw(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  expect(stats).toEqual([{ deadlocks: 0 }])
  const logged = `${house.process.said()}${second.said()}`.split('\n')
  expect(logged.filter((line) => /"level":"(error|fatal)"|offboarding\.step_refused/.test(line))).toEqual([])
}, 180_000)
