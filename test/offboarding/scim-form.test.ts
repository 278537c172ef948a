import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDirectory, type ScimDirectory, type Somebody } from './scim-directory.ts'

let directory: ScimDirectory
let person: Somebody
beforeAll(async () => {
  directory = await openDirectory()
  person = await directory.someone()
})
afterAll(() => directory.house.drop())

const scim: ScimDirectory['scim'] = (...how) => directory.scim(...how)
const error = (status: number) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
  status: String(status),
})
const filter = (text: string) => `/Users?filter=${encodeURIComponent(text)}`
const whole = (more: object) => ({ userName: `odd${Math.random()}@acme.example`, ...more })
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

const notUtf8 = (before: string, byte: number, after: string) =>
  new Uint8Array([...Buffer.from(before), byte, ...Buffer.from(after)])

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array<ArrayBuffer>,
) {
  const response = await fetch(directory.house.keywarden.url + path, {
    method,
    headers: { authorization: `Bearer ${directory.token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

describe('what the database could not take is the directory’s mistake, in the form of SCIM:', () => {
  test.each<[string, string, string, unknown, number]>([
    ['a page beyond any list', 'GET', '/Users?startIndex=99999999999999999999', undefined, 400],
    ['a filter twice', 'GET', '/Users?filter=active%20eq%20true&filter=active%20eq%20true', undefined, 400],
    ['a NUL in an id', 'GET', '/Users/%00', undefined, 400],
    ['a NUL in the id to delete', 'DELETE', '/Users/a%00b', undefined, 400],
    ['a NUL in a filter', 'GET', filter('userName eq "a\\u0000b"'), undefined, 400],
    ['a raw NUL in a filter', 'GET', filter('userName eq "a\0b"'), undefined, 400],
    ['half a character in a filter', 'GET', filter('externalId eq "\\ud800"'), undefined, 400],
    ['a NUL in userName', 'POST', '/Users', { userName: 'a\0b' }, 400],
    ['a NUL in displayName', 'POST', '/Users', () => whole({ displayName: 'a\0b' }), 400],
    ['half a character in a name', 'POST', '/Users', () => whole({ name: { givenName: '\ud800' } }), 400],
    ['a NUL in externalId', 'POST', '/Users', () => whole({ externalId: '\0' }), 400],
    ['a NUL in an address', 'POST', '/Users', () => whole({ emails: [{ value: 'a\0@b' }] }), 400],
    ['a userName that is too long', 'POST', '/Users', { userName: 'x'.repeat(321) }, 400],
    ['a userName that is a number', 'POST', '/Users', { userName: 7 }, 400],
    [
      'active 9,000 lists deep',
      'POST',
      '/Users',
      `{"userName":"deep@acme.example","active":${nested(9_000)}}`,
      400,
    ],
    [
      'objects 2,000 deep',
      'POST',
      '/Users',
      `{"userName":"x","active":${'{"value":'.repeat(2_000)}1${'}'.repeat(2_000)}}`,
      400,
    ],
    ['no JSON', 'POST', '/Users', '{"userName":', 400],
    ['a prototype alone', 'POST', '/Users', '{"__proto__":{"userName":"polluted"}}', 400],
  ])('%s', async (_what, method, path, body, status) => {
    const answer = await scim(method, path, typeof body === 'function' ? body() : body)
    expect(answer).toMatchObject({ status, body: error(status) })
    expect(({} as { userName?: string }).userName).toBeUndefined()
  })

  test('an address or a body that is not UTF-8', async () => {
    expect(await ask('GET', '/scim/v2/Users/%E0%A4%A')).toMatchObject({ status: 400, body: error(400) })
    const bytes = notUtf8('{"userName":"a', 0xff, 'b"}')
    const answer = await ask('POST', '/scim/v2/Users', { 'content-type': 'application/scim+json' }, bytes)
    expect(answer).toMatchObject({ status: 400, body: { ...error(400), scimType: 'invalidSyntax' } })
  })

  test('a body that is too long', async () => {
    const answer = await ask('POST', '/scim/v2/Users', {}, `{"userName":"${'x'.repeat(70_000)}"}`)
    expect(answer).toMatchObject({ status: 413, body: error(413) })
  })
})

test('a leaver in a body that is not UTF-8 is inactive all the same', async () => {
  const { id, slackId } = await directory.someone()
  const bytes = notUtf8('{"active":false,"displayName":"M', 0xfc, 'ller"}')
  expect((await ask('PUT', `/scim/v2/Users/${id}`, {}, bytes)).status).toBe(400)
  expect((await scim('GET', `/Users/${id}`)).body.active).toBe(false)
  expect(await directory.isOffboarded(slackId)).toBe(true)
})

test.each([
  ['GET', '/scim/v2/Me', 501],
  ['POST', '/scim/v2/Bulk', 501],
  ['POST', '/scim/v2/Schemas', 405],
  ['DELETE', '/scim/v2/Users', 405],
  ['POST', '/scim/v2/.search', 404],
  ['POST', '/scim/v2/Users/.search', 404],
  ['GET', '/scim/v2/Nothing', 404],
])('%s %s, which is not served, is answered in the form of SCIM', async (method, path, status) => {
  expect(await ask(method, path)).toMatchObject({ status, body: error(status) })
})

test.each(['/scim/v2/Users/', '/scim/v2//Users', '/scim/v2/users', '//scim/v2/Users', '/SCIM/v2/Users'])(
  'a directory that writes %s means the people',
  async (path) => {
    const answer = await ask('GET', `${path}?filter=${encodeURIComponent(`userName eq "${person.email}"`)}`)
    expect(answer).toMatchObject({ status: 200, body: { totalResults: 1 } })
    expect((await ask('GET', `${path.replace(/\/$/, '')}/${person.id}/`)).body).toMatchObject({
      id: person.id,
    })
  },
)

test('every location is absolute, by the host and the protocol that the client used', async () => {
  const own = `${directory.house.keywarden.url}/scim/v2`
  const one = await ask('GET', `/scim/v2/Users/${person.id}`)
  expect(one.body.meta.location).toBe(`${own}/Users/${person.id}`)
  expect(one.headers.get('location')).toBe(one.body.meta.location)
  const proxied = await ask('GET', '/scim/v2/Users', { 'x-forwarded-proto': 'https' })
  const resources = proxied.body.Resources as { meta: { location: string } }[]
  expect(resources.every(({ meta }) => meta.location.startsWith(own.replace('http:', 'https:')))).toBe(true)
  const made = await ask('POST', '/scim/v2/Users', {}, JSON.stringify(whole({})))
  expect(made.headers.get('location')).toBe(`${own}/Users/${made.body.id}`)
  for (const path of [
    'ServiceProviderConfig',
    'ResourceTypes/User',
    'Schemas/urn:ietf:params:scim:schemas:core:2.0:User',
  ])
    expect((await ask('GET', `/scim/v2/${path}`)).body.meta.location).toBe(`${own}/${path}`)
})

test('the type of an answer is the one that was asked for', async () => {
  const typeFor = async (accept: string) =>
    (await ask('GET', '/scim/v2/Users', { accept })).headers.get('content-type')
  expect(await typeFor('application/json')).toBe('application/json; charset=utf-8')
  expect(await typeFor('application/scim+json')).toBe('application/scim+json; charset=utf-8')
})

test.each([null, ''])('a create whose active is %j is no leaver', async (active) => {
  expect(await scim('POST', '/Users', whole({ active }))).toMatchObject({
    status: 201,
    body: { active: true },
  })
})

test('who left and is created again under the same user name is back, and nobody else', async () => {
  const { id, email, slackId } = await directory.someone()
  await scim('PATCH', `/Users/${id}`, { externalId: 'x-1', active: false })
  expect(await directory.isOffboarded(slackId)).toBe(true)
  expect((await scim('POST', '/Users', { userName: email, externalId: 'x-2' })).status).toBe(409)
  expect((await scim('POST', '/Users', { userName: email, externalId: 'x-1', active: false })).status).toBe(
    409,
  )
  expect(await directory.isOffboarded(slackId)).toBe(true)
  const back = await scim('POST', '/Users', { userName: email, externalId: 'x-1', displayName: 'Back' })
  expect(back).toMatchObject({ status: 201, body: { id, active: true, displayName: 'Back' } })
  expect(await directory.isOffboarded(slackId)).toBe(false)
  expect((await scim('POST', '/Users', { userName: email, externalId: 'x-1' })).status).toBe(409)
})

test('removing a name removes it', async () => {
  const { id } = await directory.someone()
  const Operations = [{ op: 'remove', path: 'name' }]
  const answer = await scim('PATCH', `/Users/${id}`, { Operations })
  expect(answer.status).toBe(200)
  expect(answer.body).not.toHaveProperty('name')
})
