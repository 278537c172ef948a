import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describe } from '../../src/audit/describe.ts'
import { listEvents } from '../../src/audit/list.ts'
import { record } from '../../src/audit/record.ts'
import { plain } from '../../src/foundation/words.ts'
import { keywarden, shell } from '../setup/shell.ts'
import { asLines, good, header, type Importing, lineOf, openImporting, sha256, soon } from './importing.ts'

let importing: Importing
beforeAll(async () => {
  importing = await openImporting()
})
afterAll(() => importing.drop())

const keyNamed = (name: string) => importing.asking.records.world.db('keys').where({ name }).first()

test('keys of another system are adopted from the command line, verify at once and carry their history', async () => {
  const token = 'sk_live_51NzQ7XaDkExample'
  // Asked for too early: what verifiers remember of it must not stay.
  expect((await importing.asking.ask(token)).code).toBe('MALFORMED')
  const path = await importing.file(
    [
      `\ufeff${header},created,description`,
      `${sha256(token)},sk_live_51Nz...,"Salesforce, ""CRM""",read write,bruno@acme.example,${soon},2024-02-29,"two`,
      `lines"`,
      '',
      `${sha256('pat-na1-x').toUpperCase()},pat-na1,Zapier,agents|conversations,U0DANA0004,,,`,
    ].join('\r\n'),
  )
  const dry = await shell(['keys', 'import', path, '--dry-run'], importing.env)
  expect(dry).toMatchObject({ code: 0, err: '' })
  expect(dry.out).toContain('Dry run: 2 keys would be imported. Nothing was changed.')
  expect(await importing.count()).toBe(0)

  const ran = await keywarden(['keys', 'import', path], importing.env)
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(lineOf(ran, 2)).toEqual([
    `line 2 ok Salesforce, "CRM" sk_live_51Nz... read, write U0BRUNO002 expires ${soon}`,
  ])
  expect(lineOf(ran, 5)).toEqual([
    'line 5 ok Zapier pat-na1... agents, conversations U0DANA0004 never expires',
  ])
  expect(ran.out).toMatch(/Imported 2 keys\.\n$/)

  await importing.asking.confirmed()
  expect(await importing.asking.ask(token, { scope: 'write' })).toMatchObject({
    valid: true,
    scopes: ['read', 'write'],
  })
  expect((await importing.asking.ask(token, { scope: 'agents' })).code).toBe('INSUFFICIENT_SCOPE')
  const key = await keyNamed('Salesforce, "CRM"')
  expect(key).toMatchObject({ status: 'active', owner_id: 'U0BRUNO002', description: 'two lines' })
  expect(key.created_at.toISOString()).toBe('2024-02-29T00:00:00.000Z')
  expect(key.expires_at.toISOString()).toBe(`${soon}T00:00:00.000Z`)
  const events = await listEvents(importing.asking.records.world.db, {
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
  expect((await importing.run(text)).code).toBe(0)
  expect((await shell(['keys', 'revoke', 'Again two', '--yes'], importing.env)).code).toBe(0)
  const [events] = await importing.asking.records.world.db('audit_events').max({ seq: 'seq' })
  const again = await importing.run(text)
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringMatching(/Imported 0 keys\. 2 keys were here already\.\n$/),
  })
  expect(lineOf(again, 3)[0]).toMatch(
    /^line 3 here Again two is here already \(key_\w+, revoked\); nothing about it is changed$/,
  )
  expect(await importing.asking.records.world.db('audit_events').max({ seq: 'seq' })).toEqual([events])
  expect((await keyNamed('Again two')).status).toBe('revoked')
})

test('an adopted key is found and changed by its hint, in full or without dots', async () => {
  await importing.run(`${header}\n${sha256('hint-me')},xoxy-77,Hinted,read,U0ADA00001,`)
  expect(await shell(['keys', 'deactivate', 'xoxy-77'], importing.env)).toMatchObject({ code: 0 })
  expect(await shell(['keys', 'activate', 'xoxy-77...'], importing.env)).toMatchObject({ code: 0 })
  expect(await shell(['keys', 'deactivate', 'xoxy-7'], importing.env)).toMatchObject({ code: 1 })
})

test('without Slack, people who are known are owners, and others are not guessed', async () => {
  const away = { ...importing.env, SLACK_API_URL: 'http://127.0.0.1:2/api/' }
  const path = await importing.file(
    asLines([good(1), good(2, { owner: 'dana@acme.example' }), good(3, { owner: 'U0EMRE0005' })]),
  )
  const ran = await shell(['keys', 'import', path], away)
  expect(lineOf(ran, 1)[0]).toMatch(/^line 1 ok Good 1/)
  for (const line of [2, 3])
    expect(lineOf(ran, line)[0]).toMatch(/WRONG owner: Slack cannot be asked who this is: .*ECONNREFUSED/)
  expect(ran.code).toBe(1)
  const { SLACK_BOT_TOKEN: _, ...tokenless } = importing.env
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
  const patient = {
    ...importing.env,
    SLACK_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
  }
  const path = await importing.file(JSON.stringify(good(1, { owner: 'late@acme.example' })))
  const ran = await shell(['keys', 'import', path, '--dry-run'], patient)
  server.close()
  expect(lineOf(ran, 1)[0]).toContain('U0LATE0001')
  expect(asked).toBe(2)
})

test('thousands are imported all or none, and others go on acting meanwhile', async () => {
  const before = await importing.count()
  const many = Array.from({ length: 2_000 }, (_, i) => good(10_000 + i))
  const text = asLines(many)
  expect((await importing.run(`${text}\n${JSON.stringify(good(1))}`)).err).toMatch(
    /more than 2000 keys\. Split it/,
  )
  let isRunning = true
  const imported = importing.run(text).finally(() => {
    isRunning = false
  })
  let acts = 0
  // Refused after four seconds of waiting for the chain, which would fail the test.
  for (; isRunning; acts++)
    await importing.asking.records.act((act) =>
      record(act, { event: 'policy.set', workspaceId: importing.asking.records.workspace.id }),
    )
  expect(await imported).toMatchObject({ code: 0, err: '' })
  expect(acts).toBeGreaterThan(0)
  expect(await importing.count()).toBe(before + 2_000)
})
