import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../sandbox/services/server.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import { type Kind, kinds, type RunningProxy, startProxy } from './proxy.ts'

let asking: Asking
let platform: Server
let seen: IncomingHttpHeaders[] = []
beforeAll(async () => {
  asking = await openAsking()
  platform = createServer((request, response) => {
    seen.push(request.headers)
    response.end('from the platform')
  }).listen(0, '127.0.0.1')
  await once(platform, 'listening')
})
afterAll(async () => {
  platform.closeAllConnections()
  platform.close()
  await asking.drop()
})

const startBefore = (kind: Kind, keywarden: string): Promise<RunningProxy> =>
  startProxy(kind, {
    keywarden,
    platform: `127.0.0.1:${(platform.address() as AddressInfo).port}`,
    serviceToken: asking.serviceToken,
    workspace: asking.records.workspace.id,
  })

describe.each(Object.entries(kinds))('%s', (name, kind) => {
  let proxy: RunningProxy
  let token: string
  let keyId: string
  beforeAll(async () => {
    proxy = await startBefore(kind, new URL(asking.url).host)
    const made = await asking.records.key({ name: `behind ${name}` })
    token = made.token.open()
    keyId = made.key.id
  })
  afterAll(() => proxy.stop())

  const call = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(`${proxy.url}/v1/contacts?page=2`, { ...init, headers })

  test('lets a good key through, and tells the platform whose it is but not the key', async () => {
    seen = []
    const response = await call({ authorization: `Bearer ${token}`, 'x-keywarden-key-id': 'key_forged' })
    expect([response.status, await response.text()]).toEqual([200, 'from the platform'])
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      'x-keywarden-key-id': keyId,
      'x-keywarden-workspace': asking.records.workspace.id,
      'x-keywarden-scopes': 'read',
    })
    expect(JSON.stringify(seen[0])).not.toContain(token)
  })

  test('401 reaches the client, with its challenge', async () => {
    const none = await call()
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    const unknown = await call({ 'x-api-key': 'tml_nonsense' })
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ])
  })

  test('403 reaches the client, with the scope that is missing', async () => {
    const response = await call({ authorization: `Bearer ${token}` }, { method: 'POST', body: '{}' })
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="write"')
  })

  test('a client that says itself what it asks for is not believed', async () => {
    const response = await call(
      { authorization: `Bearer ${token}`, 'x-original-method': 'GET', 'x-forwarded-method': 'GET' },
      { method: 'POST', body: '{}' },
    )
    expect(response.status).toBe(403)
  })

  test('429 reaches the client, with what is left and until when', async () => {
    const { key, token: limited } = await asking.records.key({ name: `limited behind ${name}` })
    await asking.records.world.db('keys').where({ id: key.id }).update({ limit_per_minute: 1 })
    await asking.confirmed()
    const once = () => call({ 'x-api-key': limited.open() })
    // A new minute may begin between two of them, but not between all three.
    const all = [await once(), await once(), await once()]
    const response = all.find(({ status }) => status === 429)!
    expect(all.map(({ status }) => status)).toContain(429)
    expect(response.headers.get('ratelimit-policy')).toBe('"minute";q=1;w=60')
    expect(response.headers.get('ratelimit')).toMatch(/^"minute";r=0;t=\d+$/)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('503 reaches the client when Keywarden is away, and the platform hears nothing', async () => {
    const away = await startBefore(kind, `127.0.0.1:${await freePort()}`)
    seen = []
    const response = await fetch(`${away.url}/v1/contacts`, { headers: { authorization: `Bearer ${token}` } })
    await away.stop()
    expect([response.status, seen]).toEqual([503, []])
  })
})

test('503 reaches the client through every proxy when Keywarden itself cannot decide', async () => {
  const undecided = createServer((_request, response) => {
    response.writeHead(503, { 'retry-after': '1', 'content-length': '0' }).end()
  }).listen(0, '127.0.0.1')
  await once(undecided, 'listening')
  seen = []
  for (const [name, kind] of Object.entries(kinds)) {
    const proxy = await startBefore(kind, `127.0.0.1:${(undecided.address() as AddressInfo).port}`)
    const response = await fetch(`${proxy.url}/v1/contacts`, { headers: { 'x-api-key': 'x' } })
    await proxy.stop()
    expect([name, response.status, response.headers.get('retry-after')]).toEqual([name, 503, '1'])
  }
  expect(seen).toEqual([])
  undecided.closeAllConnections()
  undecided.close()
})
