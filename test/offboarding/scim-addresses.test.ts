import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offboardMissed } from '../../src/offboarding/request-missed.ts'
import { openDirectory, type ScimDirectory } from './scim-directory.ts'

let directory: ScimDirectory
beforeAll(async () => {
  directory = await openDirectory()
})
afterAll(() => directory.house.drop())

const urn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const scim: ScimDirectory['scim'] = (...how) => directory.scim(...how)
const patch = (id: string, ...Operations: unknown[]) => scim('PATCH', `/Users/${id}`, { Operations })
const emailsOf = async (id: string) =>
  ((await scim('GET', `/Users/${id}`)).body as { emails?: unknown }).emails ?? []

let n = 0
/** Names that nobody else in this file has. */
function newcomer() {
  const nth = ++n
  return { userName: `user${nth}`, work: `work${nth}@acme.example`, private: `private${nth}@home.example` }
}

async function created(userName: string, emails?: unknown): Promise<string> {
  const { status, body } = await scim('POST', '/Users', { schemas: [urn], userName, active: true, emails })
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`)
  return body.id
}

const leave = (id: string) => patch(id, { op: 'Replace', path: 'active', value: 'False' })

/** Somebody with a role, so that there is something to take from them, whom Slack knows by that address. */
async function colleague(email: string): Promise<string> {
  const { world } = directory.house
  const userId = await directory.knownInSlack(email)
  const at = { added_at: world.clock.now(), changed_at: world.clock.now() }
  const { id } = await directory.workspace()
  await world.db('members').insert({ workspace_id: id, user_id: userId, role: 'manager', ...at })
  return userId
}

/** Slack's list of members names such a person, and the nightly look reads it. */
async function slackLearns(email: string): Promise<string> {
  const userId = await colleague(email)
  const { accountId } = await directory.workspace()
  const member = { userId, email, deleted: false, isBot: false }
  await offboardMissed(directory.house.world, accountId, [member])
  return userId
}

const work = (value: string) => [{ value, type: 'work', primary: true }]

describe('an address of another type names nobody, and does not take the place of the address of work', () => {
  const byPath = (op: string, type: string) => (value: string) => [
    { op, path: `emails[type eq "${type}"].value`, value },
  ]

  test.each<[string, (other: string, own: string) => unknown[]]>([
    ['Add by the path of other', byPath('Add', 'other')],
    ['Replace by the path of home', byPath('Replace', 'home')],
    ['add by the path of a type that nobody knows', byPath('add', 'holiday')],
    ['a path under a URN', (value) => [{ op: 'add', path: `${urn}:emails[type eq "Other"].value`, value }]],
    [
      'a whole entry by a path',
      (value) => [{ op: 'add', path: 'emails[type eq "other"]', value: { value } }],
    ],
    [
      'a path that is a property',
      (value) => [{ op: 'add', value: { 'emails[type eq "home"].value': value } }],
    ],
    ['add of a list', (value) => [{ op: 'add', path: 'emails', value: [{ value, type: 'home' }] }]],
    [
      'add of a list without a path',
      (value) => [{ op: 'add', value: { emails: [{ value, type: 'other', primary: 'False' }] } }],
    ],
    ['add of an address without a type', (value) => [{ op: 'add', path: 'emails', value }]],
    [
      'several in one request, as Entra checks a server',
      (value, own) => [
        { op: 'replace', path: 'emails[type eq "work"].value', value: own },
        { op: 'add', path: 'emails[type eq "home"].value', value },
        { op: 'add', path: 'emails[type eq "other"].value', value: `second-${value}` },
      ],
    ],
    [
      'an other that is added, replaced and removed',
      (value) => [
        ...byPath('Add', 'other')(`first-${value}`),
        ...byPath('Replace', 'other')(value),
        { op: 'Remove', path: 'emails[type eq "other"].value' },
      ],
    ],
    [
      'a replaced list that names the type',
      (value, own) => [
        {
          op: 'replace',
          path: 'emails',
          value: [
            { value, type: 'home' },
            { value: own, type: 'Work' },
          ],
        },
      ],
    ],
    ['Remove of a home that never was', () => [{ op: 'Remove', path: 'emails[type eq "home"].value' }]],
    [
      'Remove of an entry by its type and flag',
      () => [{ op: 'remove', path: 'emails[type eq "home" and primary eq false]' }],
    ],
    [
      'Remove that names entries in its value',
      (value) => [{ op: 'Remove', path: 'emails', value: [{ value, type: 'home' }] }],
    ],
  ])('%s', async (_how, operations) => {
    const { userName, work: own, private: other } = newcomer()
    const id = await created(userName, work(own))
    const bystander = await colleague(other)
    expect(await patch(id, ...operations(other, own))).toMatchObject({ status: 200 })
    expect((await leave(id)).status).toBe(200)
    expect(await directory.isOffboarded(bystander)).toBe(false)
    const leaver = await slackLearns(own)
    expect(await directory.isOffboarded(leaver)).toBe(true)
    expect(await directory.isOffboarded(bystander)).toBe(false)
  })

  test.each<[string, (other: string) => unknown]>([
    ['home', (value) => [{ value, type: 'home' }]],
    ['other, and an entry without a value', (value) => [{ type: 'work' }, { value, type: 'other' }]],
    ['a type that nobody knows', (value) => [{ value, type: 'holiday', primary: false }]],
  ])('where the list has nothing but %s', async (_what, list) => {
    for (const how of ['POST', 'PUT']) {
      const { userName, work: own, private: other } = newcomer()
      const bystander = await colleague(other)
      const id = await created(userName, how === 'POST' ? list(other) : work(own))
      if (how === 'PUT') await scim('PUT', `/Users/${id}`, { schemas: [urn], userName, emails: list(other) })
      await leave(id)
      await slackLearns(`somebody-${own}`)
      expect(await directory.isOffboarded(bystander)).toBe(false)
    }
  })
})

describe('a leaver is known by', () => {
  test.each<[string, (own: string, other: string) => unknown]>([
    [
      'the address of work, whatever its letters and place',
      (own, other) => [
        { value: other, type: 'home' },
        { value: own, type: 'WORK' },
      ],
    ],
    [
      'the primary address, also where it is called so in text',
      (own, other) => [
        { value: other, primary: 'False' },
        { value: own, primary: 'True' },
      ],
    ],
    [
      'the primary address beside one of work',
      (own, other) => [
        { value: other, type: 'work' },
        { value: own, type: 'home', primary: true },
      ],
    ],
    ['the only address, where it has no type', (own) => [{ value: own }]],
    ['an address that is text', (own) => own],
    ['an address without a type beside one of home', (own, other) => [{ value: other, type: 'home' }, own]],
  ])('%s', async (_what, list) => {
    const { userName, work: own, private: other } = newcomer()
    const known = await directory.knownInSlack(own)
    const atOnce = await created(userName, list(own, other))
    await leave(atOnce)
    expect(await directory.isOffboarded(known)).toBe(true)
    const later = newcomer()
    await leave(await created(later.userName, list(later.work, later.private)))
    expect(await directory.isOffboarded(await slackLearns(later.work))).toBe(true)
  })

  test('their user name before an address that Slack knows as somebody else’s, at once and at night', async () => {
    const { work: userName, private: shared } = newcomer()
    const leaver = await directory.knownInSlack(userName)
    const bystander = await colleague(shared)
    await leave(await created(userName, work(shared)))
    expect(await directory.isOffboarded(leaver)).toBe(true)
    await slackLearns(`nobody-${userName}`)
    expect(await directory.isOffboarded(bystander)).toBe(false)
  })

  test('the address of work, which Slack learns of later, though the user name looks like an address', async () => {
    const { work: own, private: userName } = newcomer()
    await leave(await created(userName, work(own)))
    const leaver = await slackLearns(own)
    expect(await directory.isOffboarded(leaver)).toBe(true)
    const left = await directory.house.world.db('offboardings').where({ email: own })
    expect(left).toMatchObject([{ user_id: leaver }])
  })
})

describe('a list of addresses is what was sent:', () => {
  const w = { value: 'w@acme.example', type: 'work', primary: true }
  const h = { value: 'h@home.example', type: 'home' }
  const o = { value: 'o@home.example', type: 'other', primary: false }

  test.each<[string, unknown, unknown[], unknown]>([
    ['as it was created', [w, h, o], [], [w, h, o]],
    [
      'entries without a value left out',
      [w, { type: 'home' }, { value: null }, { value: ' ' }, null],
      [],
      [w],
    ],
    ['replaced as a whole', [w, h], [{ op: 'replace', path: 'emails', value: [o] }], [o]],
    ['added to', [w], [{ op: 'add', path: 'emails', value: [h, o] }], [w, h, o]],
    [
      'added to twice',
      [w, h],
      [{ op: 'add', path: 'emails', value: [{ ...h, type: 'HOME' }] }],
      [w, { ...h, type: 'HOME' }],
    ],
    [
      'given another primary',
      [w, h],
      [{ op: 'add', path: 'emails', value: [{ ...o, primary: true }] }],
      [
        { ...w, primary: false },
        { ...h, primary: false },
        { ...o, primary: true },
      ],
    ],
    [
      'replaced by type',
      [w, h],
      [{ op: 'replace', path: 'emails[type eq "Home"].value', value: ' n@x.y ' }],
      [w, { ...h, value: 'n@x.y' }],
    ],
    [
      'replaced by flag',
      [h, w],
      [{ op: 'replace', path: 'emails[primary eq true].value', value: 'n@x.y' }],
      [h, { ...w, value: 'n@x.y' }],
    ],
    [
      'replaced by flag in text',
      [h, w],
      [{ op: 'replace', path: 'emails[primary eq "True"].value', value: 'n@x.y' }],
      [h, { ...w, value: 'n@x.y' }],
    ],
    [
      'replaced by value',
      [w, h],
      [{ op: 'replace', path: `emails[value eq "${h.value}"].type`, value: 'other' }],
      [w, { ...h, type: 'other' }],
    ],
    [
      'replaced by type and flag',
      [w, o],
      [{ op: 'replace', path: 'emails[type eq "work" and primary eq true].value', value: 'n@x.y' }],
      [{ ...w, value: 'n@x.y' }, o],
    ],
    [
      'replaced without a filter',
      [h, w],
      [{ op: 'replace', path: 'emails.value', value: 'n@x.y' }],
      [h, { ...w, value: 'n@x.y' }],
    ],
    [
      'replaced with an object',
      [w, h],
      [{ op: 'replace', path: 'emails[type eq "home"]', value: { value: 'n@x.y', display: 'N' } }],
      [w, { ...h, value: 'n@x.y' }],
    ],
    [
      'emptied of a type by null',
      [w, h],
      [{ op: 'replace', path: 'emails[type eq "home"].value', value: null }],
      [w],
    ],
    ['emptied of a type', [w, h, o], [{ op: 'remove', path: 'emails[type eq "home"]' }], [w, o]],
    [
      'emptied of what is named',
      [w, h, o],
      [{ op: 'remove', path: 'emails', value: [{ value: o.value }, { type: 'home' }] }],
      [w],
    ],
    ['emptied', [w, h, o], [{ op: 'remove', path: 'emails' }], []],
    ['emptied by an empty list', [w, h, o], [{ op: 'replace', path: 'emails', value: [] }], []],
    [
      'begun by Replace, as Entra does',
      [],
      [{ op: 'Replace', path: 'emails[type eq "work"].value', value: w.value }],
      [{ value: w.value, type: 'work' }],
    ],
    [
      'begun by the primary',
      [],
      [{ op: 'Add', path: 'emails[type eq "work" and primary eq "True"].value', value: w.value }],
      [w],
    ],
    [
      'left alone by parts that are not kept',
      [w],
      [{ op: 'add', path: 'emails[type eq "work"].display', value: 'W' }],
      [w],
    ],
    [
      'left alone by attributes with a like name',
      [w],
      [{ op: 'add', path: 'emailsVerified', value: true }],
      [w],
    ],
  ])('%s', async (_how, before, operations, after) => {
    const id = await created(newcomer().userName, before)
    if (operations.length > 0) expect(await patch(id, ...operations)).toMatchObject({ status: 200 })
    expect(await emailsOf(id)).toEqual(after)
  })

  test('a PUT without addresses leaves them, and one with a list has that', async () => {
    const { userName } = newcomer()
    const id = await created(userName, [w, h])
    await scim('PUT', `/Users/${id}`, { schemas: [urn], userName })
    expect(await emailsOf(id)).toEqual([w, h])
    await scim('PUT', `/Users/${id}`, { schemas: [urn], userName, emails: [h, w] })
    expect(await emailsOf(id)).toEqual([h, w])
  })

  test.each<[string, unknown, string]>([
    [
      'a filter without an end',
      { op: 'replace', path: 'emails[type eq "work".value', value: 'n@x.y' },
      'invalidFilter',
    ],
    [
      'a filter without quotes',
      { op: 'replace', path: 'emails[type eq work].value', value: 'n@x.y' },
      'invalidFilter',
    ],
    ['an empty filter', { op: 'remove', path: 'emails[].value' }, 'invalidFilter'],
    ['another comparison', { op: 'remove', path: 'emails[type ne "work"]' }, 'invalidFilter'],
    ['or', { op: 'remove', path: 'emails[type eq "work" or type eq "home"]' }, 'invalidFilter'],
    ['an attribute that addresses lack', { op: 'remove', path: 'emails[colour eq "red"]' }, 'invalidFilter'],
    ['a flag that is neither', { op: 'remove', path: 'emails[primary eq "perhaps"]' }, 'invalidFilter'],
    [
      'Replace of a type that nobody knows',
      { op: 'replace', path: 'emails[type eq "nonexistent"].value', value: 'n@x.y' },
      'noTarget',
    ],
    [
      'Replace of an address that is not there',
      { op: 'replace', path: 'emails[value eq "z@z.z"].value', value: 'n@x.y' },
      'noTarget',
    ],
    ['a number as an address', { op: 'add', path: 'emails[type eq "home"].value', value: 7 }, 'invalidValue'],
    [
      'an address without an end',
      { op: 'add', path: 'emails', value: [{ value: 'x'.repeat(321) }] },
      'invalidValue',
    ],
    [
      'a flag of an entry that is neither',
      { op: 'add', path: 'emails', value: [{ value: 'a@b.c', primary: 'perhaps' }] },
      'invalidValue',
    ],
  ])('%s is refused, changes nothing, and keeps nobody active', async (_what, operation, scimType) => {
    const id = await created(newcomer().userName, [w, h])
    const answer = await patch(id, operation, { op: 'replace', path: 'active', value: false })
    expect(answer).toMatchObject({ status: 400, body: { status: '400', scimType } })
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ active: false, emails: [w, h] })
  })
})

test('a list finds somebody by an address of that type, and by no other', async () => {
  const { userName, work: own, private: other } = newcomer()
  const id = await created(userName, [
    { value: own, type: 'work', primary: true },
    { value: other, type: 'Home' },
  ])
  const found = async (filter: string) => {
    const { body } = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)
    return (body as unknown as { Resources: { id: string }[] }).Resources.map((one) => one.id)
  }
  for (const filter of [
    `emails[type eq "home"].value eq "${other.toUpperCase()}"`,
    `emails[type eq "WORK" and primary eq true].value eq "${own}"`,
    `emails[primary eq "True"].value eq "${own}"`,
    `emails[primary eq false].value eq "${other}" and userName eq "${userName}"`,
    `emails.value eq "${other}"`,
    `emails eq "${own}"`,
    `${urn}:emails[type eq "work"].value eq "${own}"`,
  ])
    expect(await found(filter), filter).toEqual([id])
  for (const filter of [
    `emails[type eq "home"].value eq "${own}"`,
    `emails[type eq "work"].value eq "${other}"`,
    `emails[type eq "other"].value eq "${other}"`,
    `emails[primary eq true].value eq "${other}"`,
  ])
    expect(await found(filter), filter).toEqual([])
})

test.each([
  'emails[type eq work].value eq "a"',
  'emails[colour eq "red"].value eq "a"',
  'emails[type eq "work" or type eq "home"].value eq "a"',
  'emails[].value eq "a"',
  'emails[type eq "work"].display eq "a"',
  'and userName eq "a"',
])('a filter of addresses that we do not serve is refused: %s', async (filter) => {
  const answer = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)
  expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } })
})

test.each(['a\u0000b', 'a\ud800b'])(
  'text that no database keeps is refused, and keeps nobody active: %j',
  async (bad) => {
    for (const path of ['emails[type eq "work"].value', 'displayName', 'externalId', 'userName']) {
      const id = await created(newcomer().userName)
      const answer = await patch(
        id,
        { op: 'add', path, value: bad },
        { op: 'replace', path: 'active', value: false },
      )
      expect(answer, path).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } })
      expect((await scim('GET', `/Users/${id}`)).body.active).toBe(false)
      const filter = encodeURIComponent(`userName eq ${JSON.stringify(bad)}`)
      expect(await scim('GET', `/Users?filter=${filter}`)).toMatchObject({ status: 400 })
    }
  },
)

describe('who is meant stays who is meant', () => {
  const post = (userName: string, emails: unknown[], more = {}) =>
    directory.scim('POST', '/Users', { schemas: [urn], userName, active: true, emails, ...more })

  test('a corrected address no longer stands for the colleague who has it', async () => {
    const bob = await colleague('bob.meant@acme.example')
    const rob = await post('rob-login', work('bob.meant@acme.example'))
    await post('bob-login', work('bob.meant@acme.example'))
    await patch(rob.body.id, {
      op: 'Replace',
      path: 'emails[type eq "work"].value',
      value: 'rob.meant@acme.example',
    })
    await leave(rob.body.id)
    expect(await directory.isOffboarded(bob)).toBe(false)
    expect(await directory.isOffboarded(await slackLearns('rob.meant@acme.example'))).toBe(true)
  })

  test('a leaver whom Slack learns of later waits for every address that they had', async () => {
    const login = 'first.meant@acme.example'
    const { body } = await post(login, work('second.meant@acme.example'))
    expect((await directory.scim('DELETE', `/Users/${body.id}`)).status).toBe(204)
    expect(await directory.isOffboarded(await slackLearns(login))).toBe(true)
  })

  test('somebody inactive who is posted again is back, and an active one is taken', async () => {
    const email = 'again.meant@acme.example'
    const slackId = await colleague(email)
    const { body } = await post(email, work(email))
    await leave(body.id)
    expect(await directory.isOffboarded(slackId)).toBe(true)
    expect(await post(email, work(email))).toMatchObject({ status: 201, body: { id: body.id, active: true } })
    expect(await directory.isOffboarded(slackId)).toBe(false)
    expect((await post(email, work(email))).status).toBe(409)
  })
})
