import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCalendar } from '../../sandbox/calendar.ts'
import { type LocalSlack, startSlack } from '../../sandbox/slack/slack.ts'
import { describe } from '../../src/audit/describe.ts'
import { listEvents } from '../../src/audit/list.ts'
import { record } from '../../src/audit/record.ts'
import { plain } from '../../src/foundation/words.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import type { Records } from '../setup/records.ts'
import { keywarden, type Ran, shell } from '../setup/shell.ts'

let asking: Asking
let records: Records
let slack: LocalSlack
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  asking = await openAsking()
  records = asking.records
  const manifest = new URL('../../manifest.yml', import.meta.url).pathname
  slack = await startSlack({ clock: openCalendar(), manifest, page: false, port: 0 })
  folder = await mkdtemp(join(tmpdir(), 'keywarden-import-'))
  env = {
    DATABASE_URL: records.database.url,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_API_URL: slack.apiUrl,
  }
})
afterAll(async () => {
  await Promise.all([asking.drop(), slack.close(), rm(folder, { recursive: true })])
})

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex')
const header = 'sha256,hint,name,scopes,owner,expires'
const nextYear = `${new Date().getUTCFullYear() + 1}-01-31`

async function file(text: string): Promise<string> {
  const path = join(folder, 'keys')
  await writeFile(path, text)
  return path
}

const run = async (text: string, ...args: string[]): Promise<Ran> =>
  shell(['keys', 'import', await file(text), ...args], env)

const lineOf = (ran: Ran, line: number) =>
  ran.out
    .split('\n')
    .filter((text) => text.startsWith(`line ${line} `))
    .map((text) => text.replace(/ +/g, ' '))

const count = async () => Number((await records.world.db('keys').count({ total: '*' }))[0]!.total)
const keyNamed = (name: string) => records.world.db('keys').where({ name }).first()

test('keys of another system are adopted from the command line, verify at once and carry their history', async () => {
  const token = 'sk_live_51NzQ7XaDkExample'
  // Asked for too early: what verifiers remember of it must not stay.
  expect((await asking.ask(token)).code).toBe('MALFORMED')
  const path = await file(
    [
      `\ufeff${header},created,description`,
      `${sha256(token)},sk_live_51Nz...,"Salesforce, ""CRM""",read write,bruno@acme.example,${nextYear},2024-02-29,"two`,
      `lines"`,
      '',
      `${sha256('pat-na1-x').toUpperCase()},pat-na1,Zapier,agents|conversations,U0DANA0004,,,`,
    ].join('\r\n'),
  )
  const dry = await keywarden(['keys', 'import', path, '--dry-run'], env)
  expect(dry).toMatchObject({ code: 0, err: '' })
  expect(dry.out).toContain('Dry run: 2 keys would be imported. Nothing was changed.')
  expect(await count()).toBe(0)

  const ran = await keywarden(['keys', 'import', path], env)
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(lineOf(ran, 2)).toEqual([
    `line 2 ok Salesforce, "CRM" sk_live_51Nz... read, write U0BRUNO002 expires ${nextYear}`,
  ])
  expect(lineOf(ran, 5)).toEqual([
    'line 5 ok Zapier pat-na1... agents, conversations U0DANA0004 never expires',
  ])
  expect(ran.out).toMatch(/Imported 2 keys\.\n$/)

  await asking.confirmed()
  expect(await asking.ask(token, { scope: 'write' })).toMatchObject({
    valid: true,
    scopes: ['read', 'write'],
  })
  expect((await asking.ask(token, { scope: 'agents' })).code).toBe('INSUFFICIENT_SCOPE')
  const key = await keyNamed('Salesforce, "CRM"')
  expect(key).toMatchObject({ status: 'active', owner_id: 'U0BRUNO002', description: 'two lines' })
  expect(key.created_at.toISOString()).toBe('2024-02-29T00:00:00.000Z')
  expect(key.expires_at.toISOString()).toBe(`${nextYear}T00:00:00.000Z`)
  const events = await listEvents(records.world.db, {
    workspaceId: key.workspace_id,
    keyId: key.id,
    limit: 5,
  })
  expect(events.map((event) => plain(describe(event)))).toEqual([
    expect.stringMatching(
      /^An operator \(\w+\) adopted Salesforce, "CRM" \(sk_live_51Nz\.\.\.\) for @U0BRUNO002 with read, write\.$/,
    ),
  ])
})

test('the same file again changes nothing, and a key revoked meanwhile stays revoked', async () => {
  const text = `${header}\n${sha256('again-1')},agai,Again one,read,U0ADA00001,\n${sha256('again-2')},agai,Again two,read,U0ADA00001,`
  expect((await run(text)).code).toBe(0)
  expect((await shell(['keys', 'revoke', 'Again two', '--yes'], env)).code).toBe(0)
  const [events] = await records.world.db('audit_events').max({ seq: 'seq' })
  const again = await run(text)
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringMatching(/Imported 0 keys\. 2 keys were here already\.\n$/),
  })
  expect(lineOf(again, 3)[0]).toMatch(
    /^line 3 here Again two is here already \(key_\w+, revoked\); nothing about it is changed$/,
  )
  expect(await records.world.db('audit_events').max({ seq: 'seq' })).toEqual([events])
  expect((await keyNamed('Again two')).status).toBe('revoked')
})

test('an adopted key is found and changed by its hint, in full or without dots', async () => {
  await run(`${header}\n${sha256('hint-me')},xoxy-77,Hinted,read,U0ADA00001,`)
  expect(await shell(['keys', 'deactivate', 'xoxy-77'], env)).toMatchObject({ code: 0 })
  expect(await shell(['keys', 'activate', 'xoxy-77...'], env)).toMatchObject({ code: 0 })
  expect(await shell(['keys', 'deactivate', 'xoxy-7'], env)).toMatchObject({ code: 1 })
})

const good = (i: number, more: Record<string, string> = {}) => ({
  sha256: sha256(`good-${i}`),
  hint: 'good',
  name: `Good ${i}`,
  scopes: 'read',
  owner: 'U0ADA00001',
  expires: '',
  ...more,
})

test.each<[string, Record<string, string>, string]>([
  [
    'a hash that is none',
    { sha256: 'abc' },
    'sha256: Give the SHA-256 of the token as 64 hexadecimal digits.',
  ],
  [
    'a whole token as hint',
    { hint: 'good-1', sha256: sha256('good-1') },
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
  ['a creation to come', { created: nextYear }, 'created: It lies in the future.'],
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
])('%s is named by line and field, and nothing is imported', async (_what, wrong, told) => {
  const before = await count()
  const lines = [good(1), good(2, wrong), good(3)]
  // The whole token stands alone in its file, or its line would be refused as a repetition first.
  const ran = await run(
    (wrong.hint === 'good-1' ? [good(9), good(2, wrong), good(3)] : lines)
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  expect(ran.code).toBe(1)
  expect(lineOf(ran, 2)).toEqual([`line 2 WRONG ${told}`])
  expect(ran.err).toBe('Nothing was imported: 1 of 3 lines is wrong.\n')
  expect(await count()).toBe(before)
})

test('all that is wrong with a line is said at once', async () => {
  const ran = await run(
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
  const { key, token } = await records.key({ name: 'Issued here' })
  const ran = await run(
    [
      { ...good(1), name: 'issued HERE' },
      { ...good(2), sha256: sha256(token.open()), name: 'Elsewhere' },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
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
  const ran = await run(text, '--dry-run')
  expect(ran.code).toBe(0)
  expect(lineOf(ran, 2)[0]).toBe(
    'line 2 warning expires: By policy write keys must expire, and this one never does.',
  )
  expect(lineOf(ran, 3)[0]).toBe('line 3 warning expires: By policy keys last at most 365 days.')
})

test.each([
  ['', /is empty\.\n$/],
  [`${header}\n`, /has no keys\.\n$/],
  ['sha256,hint,name\n', /^The header lacks scopes, owner\.\n$/],
  [`${header},colour\n`, /^There is no column colour\. Known are sha256, /],
  [`${header},name\n`, /^The column name is there twice\.\n$/],
  [
    `${header},token\n`,
    /^The column token looks like tokens\. Keywarden takes their hashes alone: printf %s "\$TOKEN" \| sha256sum\n$/,
  ],
])('a file that cannot be meant is refused as a whole: %j', async (text, told) => {
  expect(await run(text)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(told) })
})

test('a line that is torn or has other cells than the header is named', async () => {
  const torn = await run(`${header}\n${sha256('t1')},torn,"Torn,read,U0ADA00001,`)
  expect(torn).toMatchObject({ code: 1, out: expect.stringMatching(/line 2 +WRONG +it is not complete CSV/) })
  const short = await run(
    `${header}\n${sha256('t2')},torn,Short\n${sha256('t3')},torn,Long,read,U0ADA00001,,,more`,
  )
  expect(lineOf(short, 2)).toEqual(['line 2 WRONG it has another number of cells than the header'])
  expect(lineOf(short, 3)).toEqual(['line 3 WRONG it has another number of cells than the header'])
  const objects = await run(`{"sha256":1}\n[]\n{"name":{}}\n{"token":"x"}\n{"sha`)
  expect([2, 3, 4, 5].map((line) => lineOf(objects, line)[0]?.slice(13))).toEqual([
    'it is not an object',
    'name is not a text',
    expect.stringMatching(/^there is no field token; known are sha256, /),
    'it is not complete JSON',
  ])
})

test('without Slack, people who are known are owners, and others are not guessed', async () => {
  const away = { ...env, SLACK_API_URL: 'http://127.0.0.1:2/api/' }
  const path = await file(
    [good(1), good(2, { owner: 'dana@acme.example' }), good(3, { owner: 'U0EMRE0005' })]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  const ran = await shell(['keys', 'import', path], away)
  expect(lineOf(ran, 1)[0]).toMatch(/^line 1 ok Good 1/)
  for (const line of [2, 3])
    expect(lineOf(ran, line)[0]).toMatch(/WRONG owner: Slack cannot be asked who this is: .*ECONNREFUSED/)
  expect(ran.code).toBe(1)
  const { SLACK_BOT_TOKEN: _, ...tokenless } = env
  const unconfigured = await shell(['keys', 'import', path], tokenless)
  expect(lineOf(unconfigured, 2)[0]).toContain(
    'owner: Slack cannot be asked who this is: SLACK_BOT_TOKEN is missing.',
  )
})

test('a Slack that asks for patience is asked again after the time it names', async () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked++
    if (asked === 1) response.writeHead(429, { 'retry-after': '1' }).end()
    else
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ ok: true, user: { id: 'U0LATE0001', team_id: 'T0ACME0001' } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const patient = { ...env, SLACK_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/` }
  const path = await file(JSON.stringify(good(1, { owner: 'late@acme.example' })))
  const ran = await shell(['keys', 'import', path, '--dry-run'], patient)
  server.close()
  expect(lineOf(ran, 1)[0]).toContain('U0LATE0001')
  expect(asked).toBe(2)
})

test('thousands are imported all or none, and others go on acting meanwhile', async () => {
  const before = await count()
  const many = Array.from({ length: 2_000 }, (_, i) => good(10_000 + i))
  const text = many.map((line) => JSON.stringify(line)).join('\n')
  expect((await run(`${text}\n${JSON.stringify(good(1))}`)).err).toMatch(/more than 2000 keys\. Split it/)
  let importing = true
  const imported = run(text).finally(() => {
    importing = false
  })
  let acts = 0
  // Refused after four seconds of waiting for the chain, which would fail the test.
  for (; importing; acts++)
    await records.act((act) => record(act, { event: 'policy.set', workspaceId: records.workspace.id }))
  expect(await imported).toMatchObject({ code: 0, err: '' })
  expect(acts).toBeGreaterThan(0)
  expect(await count()).toBe(before + 2_000)
})
