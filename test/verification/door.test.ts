import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking
let token: string
beforeAll(async () => {
  asking = await openAsking()
  token = (await asking.records.key({ name: 'Door' })).token.open()
})
afterAll(() => asking.drop())

const send = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  fetch(`${asking.url}/v1/verify`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${asking.serviceToken}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  })

describe('bad input is answered with a sentence and never echoed', () => {
  test.each([
    ['no JSON', 400, '{"key": '],
    ['an empty body', 400, ''],
    ['no object', 400, '7'],
    ['null', 400, 'null'],
    ['no key', 400, '{}'],
    ['a key that is no text', 400, '{"key": {"a": 1}}'],
    ['a scope that is none', 400, '{"key": "tml_secret", "scope": "reed"}'],
    ['a path without a method', 400, '{"key": "tml_secret", "path": "/x"}'],
    ['a key that is too long', 400, JSON.stringify({ key: 'x'.repeat(5_000) })],
    ['a deep bomb', 400, `{"key": ${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['more than fits', 413, JSON.stringify({ key: 'x'.repeat(70_000) })],
  ])('%s', async (_name, status, body) => {
    const response = await send(body)
    const text = await response.text()
    expect([response.status, response.headers.get('cache-control')]).toEqual([status, 'no-store'])
    expect(JSON.parse(text).error.message).toBeTruthy()
    expect(text).not.toMatch(/tml_secret|xxxx/)
  })

  test('invalid UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"key":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
    expect((await send(body)).status).toBe(400)
  })
  test('another kind of content', async () => {
    expect((await send('key=x', { 'content-type': 'text/plain' })).status).toBe(415)
  })
  test('10 MB of headers', async () => {
    const said = await raw(
      `POST /v1/verify HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(10 * 1024 * 1024)}\r\n\r\n`,
    )
    expect(said).toMatch(/^HTTP\/1.1 431/)
  })
  test('a body without end is cut off where it is too long', async () => {
    const chunk = `${(60_000).toString(16)}\r\n${'a'.repeat(60_000)}\r\n`
    const head = `POST /v1/verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${asking.serviceToken}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`
    expect(await raw(head + chunk + chunk + chunk)).toMatch(/^HTTP\/1.1 413/)
  })
})

test.each([undefined, 'Bearer kws_wrong', 'Basic a3dz', 'Bearer', `Bearer ${'k'.repeat(5_000)}`])(
  'without a live service token nothing is revealed: %s',
  async (authorization) => {
    const response = await fetch(`${asking.url}/v1/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
      body: JSON.stringify({ key: token }),
    })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toMatch(/VALID|keyId/)
  },
)

describe('forward-auth', () => {
  const unclear = (what: string) => `Bearer error="invalid_request", error_description="UNCLEAR_${what}"`
  const forward = (headers: Record<string, string>, path = '') =>
    fetch(`${asking.url}/v1/forward-auth${path}`, {
      headers: { 'x-keywarden-service-token': asking.serviceToken, ...headers },
    })
  const contacts = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/v1/contacts' }

  test('lets a good key through and says whose it is', async () => {
    for (const [name, value] of [
      ['authorization', `Bearer ${token}`],
      ['x-api-key', token],
    ] as const) {
      const response = await forward({ ...contacts, [name]: value })
      expect(response.status).toBe(200)
      expect(response.headers.get('x-keywarden-workspace')).toBe(asking.records.workspace.id)
      expect(response.headers.get('x-keywarden-scopes')).toBe('read')
    }
  })

  test.each([
    ['no key', {}, 401, 'Bearer'],
    ['an unknown key', { 'x-api-key': 'tml_nonsense' }, 401, 'Bearer error="invalid_token"'],
    [
      'a wrong workspace',
      { key: 'good', 'x-keywarden-workspace': 'ws_other' },
      401,
      'Bearer error="invalid_token"',
    ],
    [
      'a missing scope',
      { key: 'good', 'x-forwarded-method': 'POST' },
      403,
      'Bearer error="insufficient_scope", scope="write"',
    ],
    ['two paths that disagree', { key: 'good', 'x-original-uri': '/v1/agents' }, 403, unclear('PATH')],
    [
      'a repeated path',
      { key: 'good', 'x-forwarded-uri': '/v1/contacts, /v1/contacts' },
      403,
      unclear('PATH'),
    ],
    [
      'a path that servers read differently',
      { key: 'good', 'x-forwarded-uri': '/a//b' },
      403,
      unclear('PATH'),
    ],
    ['no path', { key: 'good', 'x-forwarded-uri': '' }, 403, unclear('PATH')],
    ['no method', { key: 'good', 'x-forwarded-method': '' }, 403, unclear('METHOD')],
    ['a repeated method', { key: 'good', 'x-forwarded-method': 'GET, GET' }, 403, unclear('METHOD')],
    ['two methods', { key: 'good', 'x-original-method': 'HEAD' }, 403, unclear('METHOD')],
    [
      'no method with a dead key',
      { 'x-api-key': 'tml_nonsense', 'x-forwarded-method': '' },
      401,
      'Bearer error="invalid_token"',
    ],
  ])('%s', async (_name, headers, status, challenge) => {
    const { key, ...rest } = headers as Record<string, string>
    const response = await forward({
      ...contacts,
      ...rest,
      ...(key ? { authorization: `Bearer ${token}` } : {}),
    })
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([status, challenge])
    expect(await response.text()).toBe('')
  })

  test('Envoy appends the path, and the method is its own', async () => {
    const key = { authorization: `Bearer ${token}` }
    expect((await forward(key, '/v1/contacts?x=1')).status).toBe(200)
    expect((await forward(key)).headers.get('www-authenticate')).toBe(unclear('METHOD'))
    expect((await fetch(`${asking.url}/v1/forward-authority`)).status).toBe(404)
  })

  test('beside an appended path the client names no other path and no other method', async () => {
    const asked = async (headers: Record<string, string>, path = '/v1/contacts', method = 'POST') => {
      const response = await fetch(`${asking.url}/v1/forward-auth${path}`, {
        method,
        headers: { 'x-keywarden-service-token': asking.serviceToken, 'x-api-key': token, ...headers },
      })
      return response.headers.get('www-authenticate') ?? response.status
    }
    for (const name of ['x-forwarded-method', 'x-original-method'])
      expect(await asked({ [name]: 'GET' })).toBe(unclear('METHOD'))
    expect(await asked({ 'x-forwarded-uri': '/v1/agents' }, '/v1/contacts', 'GET')).toBe(unclear('PATH'))
    expect(await asked({ 'x-original-uri': '/v1/agents' }, '/', 'GET')).toBe(unclear('PATH'))
    const equal = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/v1/contacts' }
    expect(await asked(equal, '/v1/contacts', 'GET')).toBe(200)
  })

  test('the key of X-API-Key comes first: Authorization may be for another system', async () => {
    const foreign = ['Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln', 'Basic a3dz', 'Bearer tml_nonsense']
    for (const authorization of foreign) {
      expect((await forward({ ...contacts, authorization, 'x-api-key': token })).status).toBe(200)
      // For verify the key is in the body, and Authorization is the service token's alone.
      const body = JSON.stringify({ key: token })
      const verified = await (await send(body, { 'x-api-key': authorization })).json()
      expect(verified).toMatchObject({ code: 'VALID' })
    }
    const other = { ...contacts, authorization: `Bearer ${token}`, 'x-api-key': 'another-system' }
    expect((await forward(other)).status).toBe(401)
  })

  test('a used-up limit is 429, and says until when', async () => {
    const limited = await asking.records.key({ name: 'Limited' })
    await asking.records.world.db('keys').where({ id: limited.key.id }).update({ limit_per_minute: 3 })
    await asking.confirmed()
    const once = () => forward({ ...contacts, 'x-api-key': limited.token.open() })
    // Two minutes may meet here, so that up to twice the limit passes; never more.
    const answers = []
    for (let i = 0; i < 8; i++) answers.push(await once())
    const passed = answers.filter((answer) => answer.status === 200).length
    expect(passed === 3 || passed <= 6).toBe(true)
    const refused = answers.find(({ status }) => status === 429)!
    expect(refused.headers.get('ratelimit-policy')).toBe('"minute";q=3;w=60')
    expect(refused.headers.get('ratelimit')).toMatch(/^"minute";r=0;t=\d+$/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const verdicts = []
    for (let i = 0; i < 8; i++) verdicts.push(await asking.ask(limited.token.open()))
    expect(verdicts).toContainEqual(expect.objectContaining({ valid: false, code: 'RATE_LIMITED' }))
  })

  test('the network is that of the client, as the proxy reports it', async () => {
    const { key, token: held } = await asking.records.key({ name: 'Held' })
    const { world } = asking.records
    await world
      .db('keys')
      .where({ id: key.id })
      .update({ allowed_networks: ['203.0.113.0/24'] })
    const from = async (client: string) =>
      (await forward({ ...contacts, 'x-api-key': held.open(), 'x-forwarded-for': client })).status
    for (const good of ['203.0.113.7', '203.0.113.7:51234', '"203.0.113.7:80"', '::ffff:203.0.113.7'])
      expect([good, await from(good)]).toEqual([good, 200])
    expect(await from('203.0.113.7, 198.51.100.1')).toBe(401)
  })
})

test('the description is OpenAPI 3.1, and every address in it is there', async () => {
  const description = (await (await fetch(`${asking.url}/openapi.json`)).json()) as {
    openapi: string
    paths: Record<string, Record<string, { responses: object }>>
  }
  expect(description.openapi).toBe('3.1.0')
  const described = Object.entries(description.paths)
    .filter(([path]) => !/^\/v1\/(offboardings|leaks)/.test(path)) // which a verifier does not serve
    .flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, { responses }]) => ({
        ...{ path, verb },
        responses: Object.keys(responses),
      })),
    )
  for (const { path, verb, responses } of described) {
    const response = await fetch(asking.url + path, { method: verb.toUpperCase() })
    expect([path, response.status]).toEqual([path, expect.toBeOneOf(responses.map(Number))])
  }
  expect(described.map(({ path }) => path).sort()).toEqual([
    ...['/healthz', '/metrics', '/openapi.json', '/readyz'],
    ...['/v1/forward-auth', '/v1/usage', '/v1/verify'],
  ])
})

test('every verdict code is described', async () => {
  const { codes } = await import('../../src/verification/decide.ts')
  const description = JSON.stringify(await (await fetch(`${asking.url}/openapi.json`)).json())
  for (const code of codes) expect(description).toContain(`"${code}"`)
})

test('metrics count verdicts, reads and their time, and say that the lease is held', async () => {
  const text = await (await fetchOperations(`${asking.url}/metrics`)).text()
  expect(text).toMatch(/^keywarden_verifies_total\{code="VALID"\} [1-9]/m)
  expect(text).toMatch(/^keywarden_verify_reads_total [1-9]/m)
  const verdicts = [...text.matchAll(/^keywarden_verifies_total\{.*\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  )
  const timed = /^keywarden_verify_seconds_count (\d+)$/m.exec(text)?.[1]
  expect(Number(timed)).toBe(verdicts.reduce((sum, count) => sum + count))
  expect(text).toMatch(/^keywarden_lease_held 1$/m)
  expect(text).toMatch(/^keywarden_verifier_troubles 0$/m)
  expect(text).toMatch(/^keywarden_verifiers [1-9]/m)
  expect(text).not.toMatch(/tml_|kws_/)
})

/** Sends bytes as they are and returns the server's answer, until it closes or is silent. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(asking.url).port), '127.0.0.1')
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    socket.write(bytes)
  })
}
