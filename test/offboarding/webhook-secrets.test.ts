import { randomBytes } from 'node:crypto'
import pino from 'pino'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { makeConnection, revokeConnection, signingConnection } from '../../src/directory/connections.ts'
import { inspectSecrets } from '../../src/directory/secrets.ts'
import { ConfigError, readConfig } from '../../src/foundation/config.ts'
import type { SealingKeys } from '../../src/foundation/seal.ts'
import { type Running, start } from '../../src/start.ts'
import { type Workspace, workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, people, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'

const base64 = () => randomBytes(32).toString('base64')
const keysOf = (text: string): SealingKeys =>
  readConfig({ DATABASE_URL: 'postgres://x', KEYWARDEN_SECRET_KEYS: text }).secretKeys
const older = `2026a:${base64()}`
const newer = `2026b:${base64()}`

const lines: string[] = []
const log = pino({ level: 'warn' }, { write: (line) => lines.push(line) })
let workspace: Workspace
const running: Running[] = []
useHouse({ roles: ['verify', 'worker'] })
beforeAll(async () => {
  workspace = (await workspacesOfTeam(house.world.db, house.slack.teamId))[0]!
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})

/** A bot with these keys. */
async function startWith(keys: string): Promise<Running> {
  const config = { ...house.world.config, secretKeys: keysOf(keys) }
  const one = await start({ config, roles: ['bot'], clock: house.calendar, log })
  running.push(one)
  return one
}

const owner = () => ({ kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace.id }) as const

async function make(keys: string) {
  const world = { ...house.world, config: { ...house.world.config, secretKeys: keysOf(keys) } }
  const made = must(await perform(world, owner(), (act) => makeConnection(act, workspace, 'webhook', world)))
  return { id: made.connection.id, secret: made.secret }
}

const row = (id: string) => house.world.db('connections').where({ id }).first('secret', 'secret_key_id')
const secretWith = async (id: string, keys: string) =>
  (await signingConnection(house.world.db, id, keysOf(keys)))?.secret

test('with a key the database does not hold the secret, and only that key opens it', async () => {
  const { id, secret } = await make(older)
  const stored = await row(id)
  expect(stored.secret_key_id).toBe('2026a')
  expect(Buffer.from(stored.secret, 'base64').toString('latin1')).not.toContain(secret)
  expect(JSON.stringify(stored)).not.toContain(secret)
  expect(await secretWith(id, `${newer} ${older}`)).toBe(secret)
  for (const keys of ['', newer, `2026a:${base64()}`])
    await expect(secretWith(id, keys)).rejects.toThrow('does not have the key 2026a')
})

test('a sealed secret does not open as that of another connection, nor when it was changed', async () => {
  const [mine, other] = [await make(older), await make(older)]
  const { secret } = await row(mine.id)
  const kept = await row(other.id)
  await house.world.db('connections').where({ id: other.id }).update({ secret })
  await expect(secretWith(other.id, older)).rejects.toThrow('cannot be opened')
  const changed = Buffer.from(kept.secret, 'base64')
  changed[14]! ^= 1
  await house.world
    .db('connections')
    .where({ id: other.id })
    .update({ secret: changed.toString('base64') })
  await expect(secretWith(other.id, older)).rejects.toThrow('cannot be opened')
  await house.world.db('connections').where({ id: other.id }).update(kept)
  expect(await secretWith(other.id, older)).toBe(other.secret)
})

test('a start encrypts plain secrets and those of an older key with the first, and then the older may go', async () => {
  const plain = await make('')
  const old = await make(older)
  expect((await row(plain.id)).secret).toBe(plain.secret)
  await startWith(`${newer},${older}`)
  for (const { id, secret } of [plain, old]) {
    expect((await row(id)).secret_key_id).toBe('2026b')
    expect(await secretWith(id, newer)).toBe(secret)
  }
  expect(await inspectSecrets(house.world.db, keysOf(newer))).toMatchObject({ plain: 0, unreadable: [] })
  await startWith(newer)
})

test('a start with another key, or with none, says so in one sentence', async () => {
  const { id } = await make(newer)
  await house.world
    .db('connections')
    .whereNot({ id })
    .update({ secret: null, secret_key_id: null, revoked_at: new Date() })
  for (const keys of ['', older, `2026b:${base64()}`])
    await expect(startWith(keys)).rejects.toThrow(
      /^Secrets of webhooks cannot be opened: KEYWARDEN_SECRET_KEYS does not have the key 2026b that [^.]*\.$/,
    )
  must(await perform(house.world, owner(), (act) => revokeConnection(act, workspace, id)))
  expect(await row(id)).toEqual({ secret: null, secret_key_id: null })
  await startWith('')
})

test('without a key secrets stay plain, and the start warns', async () => {
  const { id, secret } = await make('')
  await startWith('')
  expect(await secretWith(id, '')).toBe(secret)
  expect(lines.join()).toContain('webhook.secrets_plain')
})

test.each([
  ...['x', 'a:short', `a:${base64()} a:${base64()}`, `:${base64()}`, `a b:${base64()}`],
  `a:${randomBytes(31).toString('base64')}`,
])('keys in another form are refused, and never repeated: %#', (text) => {
  expect(() => keysOf(text)).toThrow(ConfigError)
  expect(() => keysOf(text)).toThrow(/KEYWARDEN_SECRET_KEYS is not valid/)
  try {
    keysOf(text)
  } catch (error) {
    if (text.length > 20) expect((error as Error).message).not.toContain(text)
  }
})
