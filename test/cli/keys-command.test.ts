import { userInfo } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addWorkspace } from '../../src/workspaces/workspace.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import type { Records } from '../setup/records.ts'
import { keywarden, shell } from '../setup/shell.ts'

let asking: Asking
let records: Records
let env: Record<string, string>
beforeAll(async () => {
  asking = await openAsking()
  records = asking.records
  env = {
    DATABASE_URL: records.database.url,
    // Nobody listens there.
    REDIS_URL: 'redis://127.0.0.1:1',
    SLACK_BOT_TOKEN: 'xoxb-nobody',
    SLACK_API_URL: 'http://127.0.0.1:1/api/',
    KEYWARDEN_LEASE: '2s',
  }
})
afterAll(() => asking.drop())

const keys = (...args: string[]) => shell(['keys', ...args], env)
const statusOf = async (id: string) => (await records.world.db('keys').where({ id }).first('status')).status

test('with Slack and Redis down a key is revoked by its typed name, and no verifier accepts it any more', async () => {
  const { key, token } = await records.key({ name: 'Salesforce CRM' })
  expect((await asking.ask(token.open())).code).toBe('VALID')
  const revoked = await keywarden(
    ['keys', 'revoke', 'salesforce crm', '--reason', 'Slack is down'],
    env,
    'Salesforce CRM\n',
  )
  expect(revoked.code).toBe(0)
  expect(revoked.err).toContain(`Type the name of the key, or ${key.hint!.slice(4, 8)}, to revoke it:`)
  expect(revoked.out).toMatch(
    /^Revoked Salesforce CRM\.\n1 of 1 server confirmed in .*; every request from now on is refused\.\n$/,
  )
  expect((await asking.ask(token.open())).code).toBe('REVOKED')
  const { out } = await keys('show', key.id)
  expect(out).toContain(`An operator (${userInfo().username}) revoked Salesforce CRM, saying Slack is down.`)

  const again = await keys('revoke', key.id, '--yes')
  expect(again).toMatchObject({ code: 1, out: '' })
  expect(again.err).toMatch(/^an operator \(.*\) revoked Salesforce CRM on .*\n$/i)
})

test('whatever is typed but the name or the hint keeps the key', async () => {
  const { key } = await records.key({ name: 'Keep me' })
  const [wrong, nothing] = await Promise.all([
    keywarden(['keys', 'revoke', 'Keep me'], env, 'Keep\n'),
    keywarden(['keys', 'revoke', 'Keep me'], env),
  ])
  expect(wrong).toMatchObject({ code: 1, out: '' })
  expect(wrong.err).toMatch(/That does not match Keep me\. The key was kept\.\n$/)
  expect(nothing).toMatchObject({ code: 1, out: '' })
  expect(nothing.err).toMatch(/Nothing was typed\. The key was kept\.\n$/)
  expect(await statusOf(key.id)).toBe('active')
})

test('a key is paused and resumed by hint, and a second pause is refused', async () => {
  const { key, token } = await records.key({ name: 'Zapier' })
  const bare = key.hint!.slice(4, 8)
  const paused = await keys('deactivate', bare)
  expect(paused).toMatchObject({ code: 0, err: '' })
  expect(paused.out).toContain(`Deactivated Zapier. Resume with keywarden keys activate ${key.id}.`)
  expect((await asking.ask(token.open())).code).toBe('INACTIVE')
  expect(await keys('deactivate', key.hint!)).toMatchObject({
    code: 1,
    err: expect.stringContaining('deactivated it already'),
  })
  const resumed = await keys('activate', `tml_${bare}`)
  expect(resumed).toMatchObject({ code: 0, err: '' })
  expect(resumed.out).toMatch(/^Activated Zapier\.\n.*every request from now on goes by it\.\n$/)
  expect(await statusOf(key.id)).toBe('active')
})

test('a near miss or a beginning of a name never acts', async () => {
  const { key } = await records.key({ name: 'Billing export' })
  for (const words of ['Billing', 'Biling export', key.id.slice(0, 12), key.hint!.slice(0, 6)]) {
    const { code, err } = await keys('revoke', words, '--yes')
    expect({ words, code }).toEqual({ words, code: 1 })
    expect(err).toContain(`No key is called ${words} in Platform.`)
  }
  expect(await statusOf(key.id)).toBe('active')
})

test('the list shows what there is, filtered, as a table or for programs', async () => {
  const { key } = await records.key({ name: 'Acme \u202egnp.exe', scopes: ['read', 'agents'] })
  const table = await keys('list', 'acme')
  const [head, row, ...rest] = table.out.trimEnd().split('\n')
  expect(head).toMatch(/^HINT +STATUS +EXPIRES +LAST USED +REQUESTS +OWNER +ID +NAME$/)
  expect(row).toBe(
    `${key.hint!.padEnd(20)}active     ${key.expiresAt!.toISOString().slice(0, 10)} -                0          U0ADA00001   ${key.id.padEnd(26)}Acme gnp.exe`,
  )
  expect(rest).toEqual([])
  const { out } = await keys('list', '--status', 'active', '--json')
  const listed = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(listed.find(({ id }) => id === key.id)).toMatchObject({
    name: 'Acme \u202egnp.exe',
    status: 'active',
    scopes: ['read', 'agents'],
    owner: 'U0ADA00001',
    workspace: { name: 'Platform' },
  })
  expect(listed.map(({ name }) => name)).not.toContain('Salesforce CRM')
  expect(await keys('list', 'no such words')).toEqual({ code: 0, out: '', err: 'No keys match.\n' })
})

test('a list longer than a page has every key once', async () => {
  const { db } = records.world
  const { key } = await records.key({ name: 'The pattern' })
  // Generated columns cannot be copied.
  const {
    quiet_since: _,
    works_until: __,
    found_by: ___,
    ...row
  } = await db('keys').where({ id: key.id }).first()
  const many = Array.from({ length: 1_203 }, (_, i) => ({
    ...row,
    id: `key_many${i}`,
    name: `Many ${i % 7}-${i}`,
    name_folded: `many ${i % 7}-${i}`,
    token_hash: Buffer.from(String(i).padStart(32, '0')),
  }))
  for (let i = 0; i < many.length; i += 400) await db('keys').insert(many.slice(i, i + 400))
  const { out } = await keys('list', 'many', '--json')
  const ids = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id)
  expect(ids).toHaveLength(1_203)
  expect(new Set(ids).size).toBe(1_203)
})

test('with several workspaces nothing is guessed', async () => {
  await records.act((act) =>
    addWorkspace(act, records.workspace.accountId, { name: 'EU', policy: {} }, records.world.random),
  )
  const { key } = await records.key({ name: 'Only in Platform' })
  const unsaid = await keys('revoke', 'Only in Platform', '--yes')
  expect(unsaid).toMatchObject({ code: 1, out: '' })
  expect(unsaid.err).toMatch(
    /^There are 2 workspaces\. Say which with --workspace: Platform \(ws_\w+\), EU \(ws_\w+\)\.\n$/,
  )
  expect((await keys('revoke', 'Only in Platform', '--yes', '--workspace', 'eu')).err).toContain('in EU.')
  expect((await keys('list', '--workspace', 'nowhere')).err).toContain(
    'There is no workspace called nowhere.',
  )
  expect(await statusOf(key.id)).toBe('active')
  expect(await keys('revoke', 'Only in Platform', '--yes', '--workspace', 'platform')).toMatchObject({
    code: 0,
  })
})

test('misuse is told apart from refusal', async () => {
  expect(await keys('list', '--status', 'lost')).toMatchObject({ code: 2 })
  expect(await keys('revoke')).toMatchObject({
    code: 2,
    err: expect.stringContaining(`missing required argument 'key'`),
  })
  expect(await shell(['keys', '--help'], {})).toMatchObject({
    code: 0,
    out: expect.stringMatching(/revoke a key; asks for its\s+name\s+first/),
  })
  const out = await shell(['keys', 'list'], { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  expect(out).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^Postgres cannot be reached/) })
})
