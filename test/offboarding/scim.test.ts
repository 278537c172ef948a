import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { revokeConnection } from '../../src/directory/connections.ts'
import { people } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { openDirectory, type ScimDirectory, type Somebody } from './scim-directory.ts'

const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'

let directory: ScimDirectory
let house: ScimDirectory['house']
beforeAll(async () => {
  directory = await openDirectory()
  house = directory.house
})
afterAll(() => house.drop())

const scim: ScimDirectory['scim'] = (...how) => directory.scim(...how)
const someone = () => directory.someone()
const isOffboarded = (slackId: string) => directory.isOffboarded(slackId)

describe('a leaver is never left active by', () => {
  let person: Somebody
  beforeEach(async () => {
    person = await someone()
  })

  test.each<[string, unknown, number]>([
    [
      'Entra of old: a list with a value that is text',
      {
        schemas: [patchOp],
        Operations: [{ op: 'Add', path: 'active', value: [{ $ref: null, value: 'False' }] }],
      },
      200,
    ],
    [
      'a URN as the path',
      { schemas: [patchOp], Operations: [{ op: 'replace', path: `${userUrn}:active`, value: 'false' }] },
      200,
    ],
    [
      'a URN in other letters',
      {
        schemas: [patchOp],
        operations: [{ OP: 'REPLACE', Path: `${userUrn.toUpperCase()}:ACTIVE`, Value: 'FALSE' }],
      },
      200,
    ],
    [
      'a URN as a property',
      { schemas: [patchOp], Operations: [{ op: 'replace', value: { [`${userUrn}:active`]: 'False' } }] },
      200,
    ],
    [
      'a URN around an object',
      { schemas: [patchOp], Operations: [{ op: 'replace', value: { [userUrn]: { Active: false } } }] },
      200,
    ],
    [
      'an object as text',
      { schemas: [patchOp], Operations: [{ op: 'replace', value: '{"active":false}' }] },
      200,
    ],
    [
      'several operations, the deactivation in the middle',
      {
        schemas: [patchOp],
        Operations: [
          { op: 'Replace', path: 'displayName', value: 'X' },
          { op: 'Replace', path: 'active', value: 'False' },
          { op: 'Replace', path: 'name.familyName', value: 'Y' },
        ],
      },
      200,
    ],
    [
      'an operation beside it that is bad',
      {
        schemas: [patchOp],
        Operations: [
          { op: 'Replace', path: 'userName', value: '' },
          { op: 'Replace', path: 'active', value: 'False' },
        ],
      },
      400,
    ],
    [
      'attributes that nobody knows',
      {
        schemas: [patchOp],
        Operations: [
          {
            op: 'Add',
            path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager',
            value: 'x',
          },
          { op: 'Replace', value: { active: 'False', favouriteColour: 'blue', title: null } },
        ],
      },
      200,
    ],
    [
      'a name that would reach the prototype',
      `{"schemas":["${patchOp}"],"Operations":[{"op":"replace","path":"__proto__.active","value":true},{"op":"replace","path":"constructor.prototype.active","value":true},{"op":"replace","value":{"__proto__":{"active":true},"active":false}}]}`,
      200,
    ],
    ['remove', { schemas: [patchOp], Operations: [{ op: 'Remove', path: 'active' }] }, 200],
    ['null', { schemas: [patchOp], Operations: [{ op: 'replace', path: 'active', value: null }] }, 200],
    [
      'an operation of another name',
      { schemas: [patchOp], Operations: [{ op: 'set', path: 'active', value: false }] },
      400,
    ],
    [
      'active twice in one object',
      { schemas: [patchOp], Operations: [{ op: 'replace', value: { active: false, Active: true } }] },
      200,
    ],
    ['no list of operations', { schemas: [patchOp], active: 'False' }, 200],
  ])('%s', async (_what, body, status) => {
    const answer = await scim('PATCH', `/Users/${person.id}`, body)
    expect(answer.status).toBe(status)
    expect((await scim('GET', `/Users/${person.id}`)).body.active).toBe(false)
    expect(await isOffboarded(person.slackId)).toBe(true)
    expect(({} as { active?: boolean }).active).toBeUndefined()
  })

  test.each<[string, Record<string, unknown>]>([
    [
      'Okta: PUT with the whole user',
      { active: false, name: { givenName: 'Another', middleName: 'E.', familyName: 'User' } },
    ],
    ['PUT with "False"', { active: 'False' }],
  ])('%s', async (_what, more) => {
    const whole = {
      schemas: [userUrn],
      id: person.id,
      userName: person.email,
      meta: { resourceType: 'User' },
      ...more,
    }
    const answer = await scim('PUT', `/Users/${person.id}`, whole)
    expect(answer).toMatchObject({ status: 200, body: { active: false, userName: person.email } })
    expect(await isOffboarded(person.slackId)).toBe(true)
  })

  test('DELETE', async () => {
    expect((await scim('DELETE', `/Users/${person.id}`)).status).toBe(204)
    expect((await scim('GET', `/Users/${person.id}`)).status).toBe(404)
    expect(await isOffboarded(person.slackId)).toBe(true)
  })

  test('a user name that is taken in the same request', async () => {
    const other = await someone()
    const answer = await scim('PATCH', `/Users/${person.id}`, {
      schemas: [patchOp],
      Operations: [
        { op: 'replace', value: { active: false } },
        { op: 'replace', path: 'userName', value: other.email.toUpperCase() },
      ],
    })
    expect(answer).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } })
    expect(await isOffboarded(person.slackId)).toBe(true)
    expect(await isOffboarded(other.slackId)).toBe(false)
  })
})

test.each<[string, unknown, number]>([
  [
    'a new name',
    {
      schemas: [patchOp],
      Operations: [{ op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' }],
    },
    200,
  ],
  [
    'active that is neither',
    { schemas: [patchOp], Operations: [{ op: 'replace', path: 'active', value: 'maybe' }] },
    400,
  ],
  ['a body that is no JSON', '{"Operations":', 400],
  [
    'False, then True',
    {
      schemas: [patchOp],
      Operations: [
        { op: 'replace', path: 'active', value: 'False' },
        { op: 'replace', path: 'active', value: 'True' },
      ],
    },
    200,
  ],
  ['"True"', { schemas: [patchOp], Operations: [{ op: 'Add', path: 'active', value: 'True' }] }, 200],
])('who stays is left alone by %s', async (_what, body, status) => {
  const person = await someone()
  expect((await scim('PATCH', `/Users/${person.id}`, body)).status).toBe(status)
  expect((await scim('GET', `/Users/${person.id}`)).body.active).toBe(true)
  expect(await isOffboarded(person.slackId)).toBe(false)
})

test.each([
  [(p: { email: string }) => `userName eq "${p.email.toUpperCase()}"`],
  [(p: { email: string }) => `userName Eq "${p.email}" AND active eq true`],
  [(p: { email: string }) => `emails[type eq "work"].value eq "${p.email}" and userName eq "${p.email}"`],
  [(p: { id: string }) => `id eq "${p.id}"`],
  [(p: { email: string }) => `${userUrn}:userName eq "${p.email}"`],
])('a list finds somebody by a filter (%#)', async (filter) => {
  const person = await someone()
  const { body } = await scim(
    'GET',
    `/Users?filter=${encodeURIComponent(filter(person))}&startIndex=1&count=100`,
  )
  expect(body).toMatchObject({
    totalResults: 1,
    startIndex: 1,
    itemsPerPage: 1,
    Resources: [{ id: person.id }],
  })
})

test.each([
  'userName sw "a"',
  'title eq "x"',
  '__proto__ eq "x"',
  'userName eq "a" or id eq "b"',
  'nonsense',
])('a filter that we do not serve is refused: %s', async (filter) => {
  const answer = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)
  expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } })
})

test('a user name exists once, whatever its letters', async () => {
  const person = await someone()
  const answer = await scim('POST', '/Users', { schemas: [userUrn], userName: person.email.toUpperCase() })
  expect(answer).toMatchObject({ status: 409, body: { status: '409', scimType: 'uniqueness' } })
})

test('what the service can do is described', async () => {
  expect((await scim('GET', '/ServiceProviderConfig')).body).toMatchObject({
    patch: { supported: true },
    filter: { supported: true, maxResults: 200 },
  })
  expect((await scim('GET', '/ResourceTypes')).body).toMatchObject({
    Resources: [
      { id: 'User', endpoint: '/Users' },
      { id: 'Group', endpoint: '/Groups' },
    ],
  })
  expect((await scim('GET', `/Schemas/${userUrn}`)).body).toMatchObject({ id: userUrn, name: 'User' })
})

test('somebody whom Slack does not name yet waits for the next look at its members, and is offboarded then', async () => {
  const { body } = await scim('POST', '/Users', {
    schemas: [userUrn],
    userName: 'dana@acme.example',
    active: true,
  })
  await scim('PATCH', `/Users/${body.id}`, { Operations: [{ op: 'replace', value: { active: false } }] })
  const waiting = await house.world.db('offboardings').where({ email: 'dana@acme.example' }).first()
  expect(waiting).toMatchObject({ state: 'unmatched', user_id: null })
  const { offboardMissed } = await import('../../src/offboarding/request-missed.ts')
  const { id: accountId } = await house.world.db('accounts').first('id')
  const dana = { userId: people.member, email: 'Dana@acme.example', deleted: false, isBot: false }
  await offboardMissed(house.world, accountId, [dana])
  expect(await isOffboarded(people.member)).toBe(true)
})

test('a token that was never made, or was revoked, learns nothing', async () => {
  expect((await scim('GET', '/Users', undefined, 'kwd_wrong')).status).toBe(401)
  const workspace = await directory.workspace()
  const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace.id } as const
  const { token, connectionId } = await directory.connect()
  expect((await scim('GET', '/Users', undefined, token)).status).toBe(200)
  must(await perform(house.world, owner, (act) => revokeConnection(act, workspace, connectionId)))
  expect((await scim('GET', '/Users', undefined, token)).status).toBe(401)
  const stored = await house.world.db('connections').where({ id: directory.connectionId }).first()
  expect(stored.secret).toBeNull()
  expect(JSON.stringify(stored)).not.toContain(directory.token)
})
