import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDirectory, type ScimDirectory } from './scim-directory.ts'
import { okta } from './scim-published.ts'

let directory: ScimDirectory
beforeAll(async () => {
  directory = await openDirectory()
})
afterAll(() => directory.house.drop())

const scim: ScimDirectory['scim'] = (...how) => directory.scim(...how)
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

test('a directory that pushes none sees an empty list', async () => {
  expect(await scim('GET', okta.groups)).toMatchObject({
    status: 200,
    body: { totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] },
  })
})

test('a pushed group is found by its name, renamed, given members and removed, and does nothing to anybody', async () => {
  const someone = await directory.someone()
  const group = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Sales',
    externalId: 'g-1',
  }
  const made = await scim('POST', '/Groups', { ...group, members: [{ value: someone.id }] })
  expect(made).toMatchObject({ status: 201, body: { displayName: 'Sales', externalId: 'g-1' } })
  const path = `/Groups/${made.body.id}`
  expect((await scim('POST', '/Groups', group)).status).toBe(409)
  const byName = `/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "SALES"')}`
  expect((await scim('GET', byName)).body).toMatchObject({
    totalResults: 1,
    Resources: [{ id: made.body.id }],
  })
  const asEntra = encodeURIComponent(`id eq "${made.body.id}" and members eq "${someone.id}"`)
  expect((await scim('GET', `/Groups?filter=${asEntra}`)).body).toMatchObject({ totalResults: 0 })
  for (const Operations of [
    [{ op: 'Add', path: 'members', value: [{ $ref: null, value: someone.id }] }],
    [{ op: 'remove', path: `members[value eq "${someone.id}"]` }],
    [{ op: 'replace', value: { id: made.body.id, displayName: 'Field sales' } }],
  ])
    expect((await scim('PATCH', path, { schemas: [patchOp], Operations })).status).toBe(200)
  expect((await scim('GET', path)).body).toMatchObject({ displayName: 'Field sales' })
  expect((await scim('PUT', path, { ...group, displayName: 'Sales' })).body).toMatchObject({
    displayName: 'Sales',
  })
  const other = await scim('POST', '/Groups', { displayName: 'Support' })
  expect((await scim('PUT', path, { displayName: 'support' })).status).toBe(409)
  expect((await scim('DELETE', `/Groups/${other.body.id}`)).status).toBe(204)
  expect((await scim('DELETE', path)).status).toBe(204)
  expect((await scim('GET', path)).status).toBe(404)
  expect(await directory.isOffboarded(someone.slackId)).toBe(false)
  expect((await scim('GET', `/Users/${someone.id}`)).body).toMatchObject({ active: true })
})

test('a user who comes with groups, or is patched with them, is taken without', async () => {
  const groups = [{ value: 'x', display: 'Sales' }]
  const made = await scim('POST', '/Users', { userName: 'grouped@acme.example', groups })
  expect(made).toMatchObject({ status: 201, body: { active: true } })
  const patched = await scim('PATCH', `/Users/${made.body.id}`, {
    schemas: [patchOp],
    Operations: [{ op: 'add', path: 'groups', value: groups }],
  })
  expect(patched.status).toBe(200)
  expect(patched.body).not.toHaveProperty('groups')
})

test.each<[string, string, string, unknown, number]>([
  ['no name', 'POST', '/Groups', { externalId: 'x' }, 400],
  ['a name with a NUL', 'POST', '/Groups', { displayName: 'a\0b' }, 400],
  ['a name that is a list', 'POST', '/Groups', { displayName: ['a'] }, 400],
  ['a group that is not there', 'PATCH', '/Groups/grp_none', { Operations: [] }, 404],
  ['another filter', 'GET', `/Groups?filter=${encodeURIComponent('displayName sw "a"')}`, undefined, 400],
])('%s is an error in the form of SCIM', async (_what, method, path, body, status) => {
  const answer = await scim(method, path, body)
  expect(answer).toMatchObject({
    status,
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status) },
  })
})
