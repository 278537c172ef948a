import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDirectory, type ScimDirectory } from './scim-directory.ts'
import { entra, okta } from './scim-published.ts'

let directory: ScimDirectory
beforeAll(async () => {
  directory = await openDirectory()
})
afterAll(() => directory.house.drop())

const scim: ScimDirectory['scim'] = (...how) => directory.scim(...how)

/** Deletes a person from the directory, with everything that followed from that, so that the next test begins anew. */
async function forget(id: string, slackId: string) {
  await scim('DELETE', `/Users/${id}`)
  await directory.house.world.db('offboardings').where({ user_id: slackId }).update({
    ended_at: directory.house.world.clock.now(),
    ended_because: 'returned',
  })
}

async function created(body: string, email: string) {
  const slackId = await directory.knownInSlack(email)
  const answer = await scim('POST', '/Users', body)
  expect(answer).toMatchObject({ status: 201, body: { active: true } })
  return { id: answer.body.id, slackId }
}

test("Okta's flow: is there one, create, create again, import, update, deactivate; every answer is one it takes", async () => {
  expect(await scim('GET', okta.exists)).toMatchObject({
    status: 200,
    body: { totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] },
  })
  const { id, slackId } = await created(okta.create, okta.userName)
  expect(await scim('POST', '/Users', okta.create)).toMatchObject({ status: 409, body: { status: '409' } })
  expect((await scim('GET', okta.exists)).body).toMatchObject({ totalResults: 1, Resources: [{ id }] })
  expect((await scim('GET', okta.import)).body).toMatchObject({ startIndex: 1, Resources: [{ id }] })
  expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({
    userName: okta.userName,
    externalId: '00ujl29u0le5T6Aj10h7',
    name: { givenName: 'Test', familyName: 'User' },
    active: true,
  })
  expect(await scim('PUT', `/Users/${id}`, okta.update.replace('ID', id))).toMatchObject({
    status: 200,
    body: { active: true, name: { givenName: 'Another', familyName: 'User' } },
  })
  expect(await directory.isOffboarded(slackId)).toBe(false)
  expect(await scim('PATCH', `/Users/${id}`, okta.deactivate)).toMatchObject({
    status: 200,
    body: { id, active: false },
  })
  expect((await scim('GET', `/Users/${id}`)).body.active).toBe(false)
  expect(await directory.isOffboarded(slackId)).toBe(true)
  await forget(id, slackId)
})

test('an Okta app of the integration wizard deactivates with the whole user', async () => {
  const { id, slackId } = await created(okta.create, okta.userName)
  const whole = okta.update.replace('ID', id).replace('"active": true', '"active": false')
  expect(await scim('PUT', `/Users/${id}`, whole)).toMatchObject({ status: 200, body: { active: false } })
  expect(await directory.isOffboarded(slackId)).toBe(true)
  await forget(id, slackId)
})

/** The error answers that Okta's own test of a server expects: https://developer.okta.com/standards/SCIM/SCIMFiles/ */
test.each([
  ['a user who is not there', '/Users/00919288221112222', undefined, 404],
  ['a token that is none', okta.exists, 'non-token', 401],
])("Okta's test of a server: %s has a status and a detail", async (_what, path, bearer, status) => {
  expect(await scim('GET', path, undefined, bearer)).toMatchObject({
    status,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail: expect.stringMatching(/\w/),
    },
  })
})

const renamed = '5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com'

test.each<[string, string, Record<string, unknown>]>([
  [
    'a mail address by its type, and a name',
    entra.multiValued,
    {
      emails: [{ value: 'updatedEmail@microsoft.com', type: 'work', primary: true }],
      name: { givenName: 'givenName', familyName: 'updatedFamilyName' },
    },
  ],
  ['the user name', entra.singleValued, { userName: renamed }],
  ['an attribute that is not kept', entra.unknownAttribute, { userName: entra.userName }],
  [
    'several attributes, each by its path',
    entra.manyWithoutFlag,
    {
      displayName: 'Pvlo',
      emails: [{ value: 'TestBcwqnm@test.microsoft.com' }],
      name: { givenName: 'Gtfd', familyName: 'Pkqf' },
      externalId: 'Eqpj',
    },
  ],
  [
    'several attributes, some without a path',
    entra.manyWithFlag,
    {
      displayName: 'Bjfe',
      emails: [{ value: 'TestMhvaes@test.microsoft.com' }],
      name: { givenName: 'Kkom', familyName: 'Unua' },
    },
  ],
])('Entra changes %s; nobody is offboarded, and who leaves afterwards is', async (_what, body, after) => {
  const { id, slackId } = await created(entra.create, entra.email)
  expect(await scim('PATCH', `/Users/${id}`, body)).toMatchObject({ status: 200, body: after })
  expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ ...after, active: true })
  expect(await directory.isOffboarded(slackId)).toBe(false)
  // Slack still knows them by the address that they had before.
  await scim('PATCH', `/Users/${id}`, entra.disableWithoutFlag)
  expect(await directory.isOffboarded(slackId)).toBe(true)
  await forget(id, slackId)
})

test.each([
  ['as its reference shows', entra.disable],
  ['without the flag, "False"', entra.disableWithoutFlag],
  ['with the flag', entra.disableWithFlag],
])('Entra disables somebody %s', async (_how, body) => {
  const { id, slackId } = await created(entra.create, entra.email)
  expect((await scim('GET', encodeURI(entra.exists))).body).toMatchObject({ totalResults: 1 })
  expect((await scim('GET', encodeURI(entra.nobody))).body).toMatchObject({ totalResults: 0, Resources: [] })
  expect(await scim('PATCH', `/Users/${id}`, body)).toMatchObject({ status: 200, body: { active: false } })
  expect(await directory.isOffboarded(slackId)).toBe(true)
  expect(await scim('DELETE', `/Users/${id}`)).toMatchObject({ status: 204 })
  expect(await directory.isOffboarded(slackId)).toBe(true)
  await forget(id, slackId)
})
