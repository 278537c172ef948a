import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalSlack, startSlack } from 'local-slack'
import { person } from 'local-slack/person'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchOperations, operationsToken } from '../../sandbox/operations.ts'
import { freePort } from '../../sandbox/services/server.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { answerTo, makeKey, people } from '../setup/house.ts'
import { prepare } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'
import { directMessages } from '../setup/seen.ts'
import { type TwoRoles, twoRoles } from '../setup/two-roles.ts'
import { type Container, entry, type Image, openImage, runIn } from './container.ts'

const roles = ['bot', 'worker', 'verify'] as const
type Role = (typeof roles)[number]

let image: Image
let database: TwoRoles
let redis: Awaited<ReturnType<typeof freshRedis>>
let slack: LocalSlack
let volume: string
let env: Record<string, string>
let world: World
const running = new Map<Role, { container: Container; port: number }>()

beforeAll(async () => {
  image = openImage(process.env.KEYWARDEN_IMAGE!)
  console.log(
    image.isStandIn
      ? "The base is a stand-in: Debian 12's packages and npm's node, under the name of the public one."
      : 'The base is the public one.',
  )
  ;[database, redis] = await Promise.all([twoRoles(), freshRedis()])
  slack = await startSlack({
    clock: systemClock,
    manifest: new URL('../../manifest.yml', import.meta.url).pathname,
  })
  volume = await mkdtemp(join(tmpdir(), 'keywarden-volume-'))
  await chown(volume, 1000, 1000)
  env = {
    DATABASE_URL: database.appUrl,
    REDIS_URL: redis.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    KEYWARDEN_AUDIT_CHECKPOINTS: '/var/lib/keywarden/audit-checkpoints.jsonl',
    KEYWARDEN_OPERATIONS_TOKEN: operationsToken,
  }
  const config = readConfig(env)
  world = {
    ...{ config, db: openDatabase(env.DATABASE_URL!, { connections: 2, name: 'test' }) },
    ...{ log: openLog({ level: 'silent', tokenPrefix: config.tokenPrefix }) },
    ...{ clock: systemClock, random: systemRandom },
  }
}, 120_000)
afterAll(async () => {
  await Promise.all([...running.values()].map(({ container }) => container.stop()))
  await world?.db.destroy()
  await slack?.close()
  await Promise.all([database?.drop(), redis?.drop(), rm(volume, { recursive: true, force: true })])
  image?.remove()
})

const sizeOf = (path: string): number =>
  Number(execFileSync('du', ['-sm', join(image.folder, path)], { encoding: 'utf8' }).split('\t')[0])

const filesIn = (...words: string[]): string[] =>
  execFileSync('find', [join(image.folder, 'app'), ...words], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)

async function said(words: readonly string[], more: Record<string, string> = {}) {
  const container = runIn(image, entry(image, words), { env: { ...env, ...more }, volume })
  return { code: await container.ended, said: container.said() }
}

/** What Docker would run in a container of that role to learn its health, asked about this path. */
async function health(role: Role, path?: string): Promise<number | null> {
  const [kind, ...command] = image.config.Healthcheck.Test
  expect(kind).toBe('CMD')
  const { port } = running.get(role)!
  return runIn(image, [...command, ...(path ? [path] : [])], { env: { KEYWARDEN_HTTP_PORT: String(port) } })
    .ended
}

test('it runs as a user by number, says its port, and has a check of its health', () => {
  expect(image.config).toMatchObject({ User: '1000:1000', Cmd: ['start'], WorkingDir: '/app' })
  expect(Object.keys(image.config.ExposedPorts)).toEqual(['8080/tcp'])
  expect(image.config.Env.filter((line) => /SECRET|TOKEN|PASSWORD|DATABASE|CA_CERTS/.test(line))).toEqual([])
})

test('it contains what runs and nothing else: no development package, source map, declaration or test', () => {
  console.log(`node_modules ${sizeOf('app/node_modules')} MB, all of /app ${sizeOf('app')} MB`)
  expect(sizeOf('app/node_modules')).toBeLessThan(85)
  for (const name of ['typescript', 'vitest', 'tsx', 'esbuild', 'react', 'local-slack', 'zrender', '@types'])
    expect(existsSync(join(image.folder, 'app/node_modules', name))).toBe(false)
  expect(filesIn('-path', '*/node_modules/*', '-name', '*.map')).toEqual([])
  expect(filesIn('-name', '*.d.ts', '!', '-iname', '*licen[cs]e*')).toEqual([])
  expect(
    filesIn('-maxdepth', '1')
      .map((path) => path.slice(image.folder.length))
      .sort(),
  ).toEqual(
    [
      ...['/app', '/app/LICENSE', '/app/bin', '/app/deploy', '/app/dist', '/app/docs', '/app/manifest.yml'],
      ...['/app/node_modules', '/app/package.json', '/app/schema'],
    ].sort(),
  )
})

test('without variables it says which are missing, and ends with 1', async () => {
  const container = runIn(image, entry(image), { env: {} })
  expect(await container.ended).toBe(1)
  expect(container.said()).toMatch(/^The configuration is not complete\.\nDATABASE_URL is missing/)
  expect(container.said()).not.toMatch(/^ {4}at /m)
})

test('it migrates an empty database for two roles, and doctor finds nothing wrong', async () => {
  const migrated = await said(['migrate'], { DATABASE_OWNER_URL: database.ownerUrl })
  expect(migrated.said).toMatch(/^Ran 0001_/)
  expect(migrated.code).toBe(0)
  const examined = await said(['doctor'])
  expect(examined.said.match(/^FAIL.*/gm)).toBeNull()
  expect(examined.said).toMatch(/^ok +Node +version 24\./m)
  expect(examined.code).toBe(0)
})

test('a worker whose volume takes no writes says so in one sentence, and ends with 1', async () => {
  const container = runIn(image, entry(image, ['start', '--roles', 'worker']), { env })
  expect(await container.ended).toBe(1)
  expect(container.said()).toBe(
    'Checkpoints of the audit cannot be written to /var/lib/keywarden/audit-checkpoints.jsonl (EROFS). Let this user ' +
      'write to that folder, or name another file with KEYWARDEN_AUDIT_CHECKPOINTS.\n',
  )
})

test.each(roles)('a %s starts, and its check of health passes', async (role) => {
  const port = await freePort()
  const container = runIn(image, entry(image, ['start', '--roles', role]), {
    env: { ...env, KEYWARDEN_HTTP_HOST: '127.0.0.1', KEYWARDEN_HTTP_PORT: String(port) },
    volume,
  })
  running.set(role, { container, port })
  await expect.poll(() => container.said(), { timeout: 50_000 }).toContain('keywarden is up')
  expect(await health(role)).toBe(0)
  expect(await health(role, '/readyz')).toBe(0)
})

test('only the verifier shows the metrics of a lease, which elsewhere would look like trouble', async () => {
  const shown = async (role: Role) =>
    (await (await fetchOperations(`http://127.0.0.1:${running.get(role)!.port}/metrics`)).text()).includes(
      'keywarden_lease_held',
    )
  expect(await Promise.all(roles.map(shown))).toEqual([false, false, true])
})

test('a key that is made in Slack is accepted by the verifier, and its use is drawn as a picture', async () => {
  const serviceToken = await prepare(world, slack.teamId)
  const manager = person(slack.url, people.manager)
  const token = await makeKey(manager, { name: 'Salesforce CRM' })
  const asked = await fetch(`http://127.0.0.1:${running.get('verify')!.port}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key: token }),
  })
  expect(await asked.json()).toMatchObject({ valid: true, code: 'VALID' })
  const requests = async () => Number((await world.db('key_usage').sum({ all: 'requests' }))[0]?.all)
  await expect.poll(requests).toBe(1)
  await answerTo(manager, 'usage Salesforce CRM')
  const file = await manager.waitFor((screen) => {
    const images = directMessages(screen)
      .flatMap(({ blocks }) => blocks)
      .filter((block) => block.type === 'image')
    return (images.at(-1) as { slack_file?: { id: string } } | undefined)?.slack_file?.id
  })
  const picture = Buffer.from(await (await fetch(`${slack.url}/files/${file}`)).arrayBuffer())
  expect((await sharp(picture).metadata()).format).toBe('png')
})

test('the key that signs checkpoints is made on the volume, where alone it may write', async () => {
  expect(await said(['audit', 'public-key'])).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/m),
  })
  expect(await readFile(join(volume, 'audit-key.pem'), 'utf8')).toContain('PRIVATE KEY')
})

test.each(roles)('a %s ends in order on SIGTERM, and its check of health fails then', async (role) => {
  const { container } = running.get(role)!
  const before = performance.now()
  expect(await container.stop()).toBe(0)
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(container.said()).not.toMatch(/EROFS|EACCES|read-only file system/i)
  expect(await health(role)).toBe(1)
})
