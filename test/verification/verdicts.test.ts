import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { activate, deactivate, revoke } from '../../src/keys/state.ts'
import { generateToken } from '../../src/keys/token.ts'
import { addWorkspace } from '../../src/workspaces/workspace.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import { must } from '../setup/records.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking()
})
afterAll(() => asking.drop())

const act = (work: (workspaceId: string) => Parameters<Asking['records']['act']>[0]) =>
  asking.records.act(work(asking.records.workspace.id))

test('the answer for a good key has its workspace and scopes', async () => {
  const { key, token } = await asking.records.key({ name: 'Good', scopes: ['read', 'agents'] })
  expect(await asking.ask(token.open(), { scope: 'agents' })).toEqual({
    ...{ valid: true, code: 'VALID', keyId: key.id },
    ...{ workspace: asking.records.workspace.id, scopes: ['read', 'agents'] },
  })
})

test('a paused key is refused once that is confirmed, and works again when resumed', async () => {
  const { key, token } = await asking.records.key({ name: 'Paused' })
  expect((await asking.ask(token.open())).code).toBe('VALID')
  await act((workspace) => (a) => deactivate(a, workspace, key.id))
  await asking.confirmed()
  expect(await asking.ask(token.open())).toMatchObject({ valid: false, code: 'INACTIVE', keyId: key.id })
  await act((workspace) => (a) => activate(a, workspace, key.id))
  await asking.confirmed()
  expect((await asking.ask(token.open())).code).toBe('VALID')
})

test('a revoked key is refused and known', async () => {
  const { key, token } = await asking.records.key({ name: 'Revoked' })
  expect((await asking.ask(token.open())).code).toBe('VALID')
  await act((workspace) => (a) => revoke(a, workspace, key.id))
  expect(await asking.confirmed()).toMatchObject({ state: 'confirmed', waitedOut: [] })
  expect(await asking.ask(token.open())).toMatchObject({ code: 'REVOKED', keyId: key.id })
})

test('a key expires at its very second, without a message to the verifier', async () => {
  const { key, token } = await asking.records.key({ name: 'Brief', expiresInDays: '1' })
  const left = key.expiresAt!.getTime() - asking.records.calendar.now().getTime()
  expect((await asking.ask(token.open())).code).toBe('VALID')
  asking.records.calendar.advance({ days: 0, minutes: Math.ceil(left / 60_000) })
  expect((await asking.ask(token.open())).code).toBe('EXPIRED')
})

test('a key of another workspace reveals nothing about itself', async () => {
  const { token } = await asking.records.key({ name: 'Elsewhere' })
  const { world, workspace } = asking.records
  const other = must(
    await perform(world, asking.records.owner, (a) =>
      addWorkspace(a, workspace.accountId, { name: 'Other', policy: {} }, world.random),
    ),
  )
  expect(await asking.ask(token.open(), { workspace: other.id })).toEqual({
    valid: false,
    code: 'WRONG_WORKSPACE',
  })
  expect((await asking.ask(token.open(), { workspace: workspace.id })).code).toBe('VALID')
})

test('a key of another account is answered as one that does not exist', async () => {
  const { token } = await asking.records.key({ name: 'Foreign' })
  const other = await asking.anotherAccount()
  const never = generateToken('tml_', asking.records.world.random).open()
  const foreign = await asking.ask(token.open(), {}, other)
  expect(foreign).toEqual(await asking.ask(never, {}, other))
  expect(foreign).toEqual({ valid: false, code: 'NOT_FOUND' })
})

test('noise is dropped by its checksum', async () => {
  const { token } = await asking.records.key({ name: 'Typo' })
  const secret = token.open()
  const typo = secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a')
  expect(await asking.ask(typo)).toEqual({ valid: false, code: 'MALFORMED' })
  expect(await asking.ask('')).toEqual({ valid: false, code: 'MALFORMED' })
})

test('a scope that the key lacks is refused, by name and by route', async () => {
  const { token } = await asking.records.key({ name: 'Analyst', scopes: ['analytics'] })
  const ask = async (question: Record<string, string>) => (await asking.ask(token.open(), question)).code
  expect(await ask({ scope: 'analytics' })).toBe('VALID')
  expect(await ask({ scope: 'read' })).toBe('INSUFFICIENT_SCOPE')
  expect(await ask({ method: 'GET', path: '/v1/analytics/daily?from=1' })).toBe('VALID')
  expect(await ask({ method: 'GET', path: '/v1/contacts' })).toBe('INSUFFICIENT_SCOPE')
  expect(await ask({ method: 'GET', path: '/v1/analytics/../contacts' })).toBe('UNCLEAR_PATH')
  expect(await ask({ method: 'GET', path: '/v1/contacts/../analytics' })).toBe('UNCLEAR_PATH')
  expect(await ask({ method: 'GET', path: '/v1/analytics/..%2fcontacts' })).toBe('UNCLEAR_PATH')
  expect(await ask({ method: '', path: '/v1/analytics' })).toBe('UNCLEAR_METHOD')
  expect(await ask({ method: 'GET, HEAD', path: '/v1/analytics' })).toBe('UNCLEAR_METHOD')
  // Who names the scope decides what the path is.
  expect(await ask({ scope: 'analytics', method: 'GET', path: '//x' })).toBe('VALID')
})

describe('a key held to networks', () => {
  test('is good from there alone, and a new list holds once it is confirmed', async () => {
    const { key, token } = await asking.records.key({ name: 'Office' })
    const { world } = asking.records
    const from = async (ip?: string) => (await asking.ask(token.open(), ip ? { ip } : {})).code
    expect(await from('198.51.100.9')).toBe('VALID')
    await world
      .db('keys')
      .where({ id: key.id })
      .update({ allowed_networks: ['203.0.113.0/24', '2001:db8::/32'] })
    await asking.confirmed()
    expect(await from('198.51.100.9')).toBe('NETWORK_DENIED')
    expect(await from(undefined)).toBe('NETWORK_DENIED')
    expect(await from('nonsense')).toBe('NETWORK_DENIED')
    expect(await from('203.0.113.77')).toBe('VALID')
    expect(await from('::ffff:203.0.113.77')).toBe('VALID')
    expect(await from('2001:db8:1::9')).toBe('VALID')
    expect(await from('2001:db9::9')).toBe('NETWORK_DENIED')
  })
})

test('a suspended workspace refuses all its keys once that is confirmed', async () => {
  const { world, workspace } = asking.records
  const { token } = await asking.records.key({ name: 'Suspended' })
  expect((await asking.ask(token.open())).code).toBe('VALID')
  await world.db('workspaces').where({ id: workspace.id }).update({ suspended_at: world.clock.now() })
  await asking.confirmed()
  expect((await asking.ask(token.open())).code).toBe('SUSPENDED')
  await world.db('workspaces').where({ id: workspace.id }).update({ suspended_at: null })
  await asking.confirmed()
  expect((await asking.ask(token.open())).code).toBe('VALID')
})

test('a revoked service token learns nothing more once that is confirmed', async () => {
  const { world } = asking.records
  const secret = await asking.anotherAccount()
  expect((await asking.ask('x', {}, secret)).code).toBe('MALFORMED')
  await world
    .db('service_tokens')
    .where({ name: 'other', revoked_at: null })
    .update({ revoked_at: world.clock.now() })
  await asking.confirmed()
  await expect(asking.ask('x', {}, secret)).rejects.toThrow('401')
})

test('what only names a key is no change, and issuing one is none', async () => {
  const { world } = asking.records
  const newest = async () => (await world.db('changes').max({ seq: 'seq' }))[0]!.seq
  const before = await newest()
  const { key } = await asking.records.key({ name: 'Named' })
  await world.db('keys').where({ id: key.id }).update({ description: 'changed', integration: 'else' })
  expect(await newest()).toBe(before)
})
