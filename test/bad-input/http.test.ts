import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking()
})
afterAll(() => asking.drop())

async function post(path: string, body: string | Uint8Array<ArrayBuffer>) {
  const response = await fetch(asking.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${asking.serviceToken}`, 'content-type': 'application/json' },
    body,
  })
  return { status: response.status, body: await response.json() }
}

const outcome = { keyId: 'key_1', method: 'GET', path: '/v1/contacts', status: 200 }
const reported = (more: object = {}, batch = 'b-1') =>
  JSON.stringify({ batch, outcomes: [{ ...outcome, ...more }] })
const malformed = { status: 400, body: { error: { code: 'BAD_REQUEST', message: expect.any(String) } } }

test.each<[string, string]>([
  ['a NUL in the batch', reported({}, 'a\0b')],
  ['half a character in the batch', reported({}, '\ud800')],
  ['a NUL in a key', reported({ keyId: 'key_\0' })],
  ['a NUL in an address', reported({ ip: '10.0.0.1\0' })],
  ['a NUL in a user agent', reported({ userAgent: '\0' })],
  ['a key that is a list', reported({ keyId: ['key_1'] })],
  ['a day beyond the calendar', reported({ at: '+275760-09-14T00:00:00Z' })],
  ['a month that does not exist', reported({ at: '2026-13-01T00:00:00Z' })],
  ['a status beyond whole numbers', reported({ status: 1e21 })],
  ['a prototype', `{"__proto__":{"batch":"x"},"batch":"b","outcomes":[]}`],
  ['no JSON', '{'],
  ['null', 'null'],
  ['lists 9,000 deep', `${'['.repeat(9_000)}${']'.repeat(9_000)}`],
])('POST /v1/usage with %s is malformed', async (_what, body) => {
  expect(await post('/v1/usage', body)).toMatchObject(malformed)
})

test.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00'])(
  'an outcome at %s is taken, and not counted where it is beyond retention',
  async (at) => {
    expect((await post('/v1/usage', reported({ at }, `b-${at}`))).status).toBe(200)
  },
)

test.each<[string, string]>([
  ['no object', '[]'],
  ['a key that is none', '{"key":7}'],
  ['an object as key', '{"key":{"toString":"x"}}'],
  ['a key in a prototype', '{"__proto__":{"key":"x"}}'],
  ['a path without a method', '{"key":"x","path":"/"}'],
])('POST /v1/verify with %s is malformed', async (_what, body) => {
  expect(await post('/v1/verify', body)).toMatchObject(malformed)
})

test.each(['a\0b', '\ud800', '\u202e', 'x'.repeat(4_000)])('POST /v1/verify knows no key %j', async (key) => {
  expect(await post('/v1/verify', JSON.stringify({ key, workspace: key.slice(0, 9) }))).toMatchObject({
    status: 200,
    body: { valid: false },
  })
})

test('an address that cannot be decoded, or is not there, is answered in the form of every error', async () => {
  const headers = { authorization: `Bearer ${asking.serviceToken}` }
  for (const [path, status, code] of [
    ['/v1/%E0%A4%A', 400, 'BAD_REQUEST'],
    ['/v1/nothing', 404, 'NOT_FOUND'],
  ] as const) {
    const response = await fetch(asking.url + path, { headers })
    expect([response.status, (await response.json()).error.code]).toEqual([status, code])
  }
})

test('a body that is not UTF-8, too long or of another type says so', async () => {
  const bytes = new Uint8Array([...Buffer.from('{"key":"'), 0xff, ...Buffer.from('"}')])
  expect(await post('/v1/verify', bytes)).toMatchObject(malformed)
  const long = { status: 413, body: { error: { code: 'TOO_LARGE' } } }
  expect(await post('/v1/verify', JSON.stringify({ key: 'x'.repeat(70_000) }))).toMatchObject(long)
  expect(await post('/v1/usage', 'x'.repeat(1_100_000))).toMatchObject(long)
})
