import { afterAll, beforeAll, expect, test } from 'vitest'
import { asLines, good, header, type Importing, lineOf, openImporting, sha256, soon } from './importing.ts'

let importing: Importing
beforeAll(async () => {
  importing = await openImporting()
})
afterAll(() => importing.drop())

test.each<[string, Record<string, string>, string]>([
  [
    'a hash that is none',
    { sha256: 'abc' },
    'sha256: Give the SHA-256 of the token as 64 hexadecimal digits.',
  ],
  [
    'a whole token as hint',
    { hint: 'whole-1', sha256: sha256('whole-1') },
    'hint: This is the whole token. Anyone who sees it can use it: replace that key.',
  ],
  ['a hint that is too short', { hint: 'tml' }, 'hint: Give the first 4 to 16 characters of the token.'],
  [
    'a hint that is too long',
    { hint: 'a'.repeat(17) },
    'hint: Give the first 4 to 16 characters of the token.',
  ],
  ['no name', { name: ' \u200b ' }, 'name: Give the key a name.'],
  ['a name that is too long', { name: 'x'.repeat(81) }, 'name: Use at most 80 characters.'],
  ['no scope', { scopes: ' ' }, 'scopes: Choose at least one scope.'],
  ['an unknown scope', { scopes: 'read, admin' }, 'scopes: There is no scope called admin.'],
  [
    'an owner that is neither id nor address',
    { owner: '@ada' },
    'owner: Give a Slack user id such as U012AB3CD, or an e-mail address.',
  ],
  [
    'an address nobody has',
    { owner: 'nobody@acme.example' },
    'owner: Slack knows nobody as nobody@acme.example.',
  ],
  ['an id nobody has', { owner: 'U0NOBODY99' }, 'owner: Slack knows nobody as U0NOBODY99.'],
  [
    'a guest as owner',
    { owner: 'hana@acme.example' },
    'owner: hana@acme.example is not a full member of the Slack team.',
  ],
  ['a bot as owner', { owner: 'U0BOT00010' }, 'owner: U0BOT00010 is not a full member of the Slack team.'],
  [
    'somebody of another team as owner',
    { owner: 'U0IVO00009' },
    'owner: U0IVO00009 is not a full member of the Slack team.',
  ],
  [
    'an expiry that is no time',
    { expires: '31.12.2027' },
    'expires: Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.',
  ],
  [
    'a day that does not exist',
    { expires: '2027-02-30' },
    'expires: Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.',
  ],
  ['an expiry that is over', { expires: '2020-01-01' }, 'expires: It has expired. Leave the line out.'],
  ['a creation to come', { created: soon }, 'created: It lies in the future.'],
  [
    'a description that is too long',
    { description: 'x'.repeat(301) },
    'description: Use at most 300 characters.',
  ],
  [
    'an integration that is too long',
    { integration: 'x'.repeat(81) },
    'integration: Use at most 80 characters.',
  ],
  [
    'a network that is none',
    { networks: '10.0.0.0/33' },
    'networks: 10.0.0.0/33 is not a network. Write addresses or networks such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.',
  ],
  [
    'a limit that is none',
    { limit: 'many' },
    'limit: Enter a whole number of requests per minute from 1 to 1,000,000.',
  ],
  ['the token of the line before', { sha256: sha256('good-1') }, 'sha256: Line 1 has the same.'],
  ['the name of the line before, in another spelling', { name: 'GOOD  1' }, 'name: Line 1 has the same.'],
])('%s is named by line and field, and nothing is imported', async (_what, wrong, error) => {
  const before = await importing.count()
  const ran = await importing.run(asLines([good(1), good(2, wrong), good(3)]))
  expect(ran.code).toBe(1)
  expect(lineOf(ran, 2)).toEqual([`line 2 WRONG ${error}`])
  expect(ran.err).toBe('Nothing was imported: 1 of 3 lines is wrong.\n')
  expect(await importing.count()).toBe(before)
})

test('all that is wrong with a line is said at once', async () => {
  const ran = await importing.run(
    JSON.stringify({ ...good(1), sha256: '', hint: '', name: '', scopes: [], owner: '', expires: 'x' }),
  )
  expect(lineOf(ran, 1).map((text) => /WRONG (\w+):/.exec(text)?.[1])).toEqual([
    'sha256',
    'hint',
    'name',
    'scopes',
    'owner',
    'expires',
  ])
})

test('what is taken by a key that is here is named with it', async () => {
  const { key, token } = await importing.asking.records.key({ name: 'Issued here' })
  const ran = await importing.run(
    asLines([
      { ...good(1), name: 'issued HERE' },
      { ...good(2), sha256: sha256(token.open()), name: 'Elsewhere' },
    ]),
  )
  expect(lineOf(ran, 1)).toEqual([
    `line 1 WRONG name: Another key is called Issued here already (${key.id}).`,
  ])
  expect(lineOf(ran, 2)).toEqual([
    'line 2 WRONG sha256: This token is here already, as Issued here in Platform.',
  ])
  expect(ran.code).toBe(1)
})

test('what policy would not make is taken with a warning', async () => {
  const text = `${header}\n${sha256('w1')},warn,Warned one,write,U0ADA00001,\n${sha256('w2')},warn,Warned two,read,U0ADA00001,2099-01-01`
  const ran = await importing.run(text, '--dry-run')
  expect(ran.code).toBe(0)
  expect(lineOf(ran, 2)[0]).toBe('line 2 warning expires: By policy this key must expire, and it never does.')
  expect(lineOf(ran, 3)[0]).toBe('line 3 warning expires: By policy keys last at most 3650 days.')
})

test.each([
  ['', /is empty\.\n$/],
  [`${header}\n`, /has no keys\.\n$/],
  ['sha256,hint,name\n', /^The header lacks scopes, owner\. It was read as columns between commas\.\n$/],
  [`${header},colour\n`, /^There is no column colour\. Known are sha256, /],
  [`${header},name\n`, /^The column name is there twice\.\n$/],
  [
    `${header},token\n`,
    /^The column token looks like tokens\. Keywarden takes their hashes alone: printf %s "\$TOKEN" \| sha256sum\n$/,
  ],
])('a file that cannot be meant is refused as a whole: %j', async (text, error) => {
  expect(await importing.run(text)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(error) })
})

test('a line that is torn or has other cells than the header is named', async () => {
  const torn = await importing.run(`${header}\n${sha256('t1')},torn,"Torn,read,U0ADA00001,`)
  expect(torn).toMatchObject({ code: 1, out: expect.stringMatching(/line 2 +WRONG +it is not complete CSV/) })
  const short = await importing.run(
    `${header}\n${sha256('t2')},torn,Short\n${sha256('t3')},torn,Long,read,U0ADA00001,,,more`,
  )
  expect(lineOf(short, 2)).toEqual(['line 2 WRONG it has another number of cells than the header'])
  expect(lineOf(short, 3)).toEqual(['line 3 WRONG it has another number of cells than the header'])
  const objects = await importing.run(`{"sha256":1}\n[]\n{"name":{}}\n{"token":"x"}\n{"sha`)
  expect([2, 3, 4, 5].map((line) => lineOf(objects, line)[0]?.slice(13))).toEqual([
    'it is not an object',
    'name is not a text',
    expect.stringMatching(/^there is no field token; known are sha256, /),
    'it is not complete JSON',
  ])
})
