import { createHash } from 'node:crypto'
import { messagesIn, topModal } from 'local-slack/inspect'
import { calls } from 'local-slack/person'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fetchGuard, openClient } from '../../client/client.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import {
  answerTo,
  fillAndCreate,
  general,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  security,
  submitAndSee,
  tokenIn,
} from '../setup/house.ts'
import { dialogWith, received } from '../setup/seen.ts'
import { formsOf, searchFor } from './forms.ts'
import { type Medium, type Observed, openObserved } from './observed.ts'

/** Every secret that the journeys made or brought, by what it is. Only the test knows them all. */
const secrets: Record<string, string> = {}
/** Those of them that Slack shows once, on purpose. */
const shownInSlack = new Set<string>()
const control = 'planted0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii'

let product: Observed
let media: Record<Medium, string>
beforeAll(async () => {
  product = await openObserved()
  await makeAndShow()
  await present()
  await reportLeaks()
  await connectSystems()
  await calmDown()
  await product.plant(control)
  await vi.waitFor(async () => {
    media = await product.collect()
    expect(media['traces and usage']).toContain(control)
  }, 40_000)
}, 180_000)
afterAll(() => product?.close())

/** A secret that Slack shows once, in a dialog. */
function shown(name: string, token: string): string {
  secrets[name] = token
  shownInSlack.add(name)
  return token
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const json = { 'content-type': 'application/json' }
const post = (path: string, token: string, body: unknown) =>
  fetch(product.url + path, {
    method: 'POST',
    headers: { ...bearer(token), ...json },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const verify = async (key: string) =>
  ((await (await post('/v1/verify', product.serviceToken, { key })).json()) as { code: string }).code

/** Keys are made, asked for, revealed, closed without copying, replaced, rotated, deactivated and revoked. */
async function makeAndShow(): Promise<void> {
  const [manager, member] = [product.as('manager'), product.as('member')]
  secrets['the service token'] = product.serviceToken
  const made = shown('a key that was made', await makeKey(manager, { name: 'Salesforce CRM', expires: '7' }))
  shown('a key that may write', await makeKey(manager, { name: 'Zapier', scopes: ['read', 'write'] }))

  const form = await openDialog(member, 'request Nightly')
  const sent = await submitAndSee(member, form, { scopes: ['read'], reason: 'For the nightly sync' })
  await member.close(sent.id)
  const request = await manager.waitFor((screen) =>
    messagesIn(screen, security).findLast((one) => said(one).includes('requests a key for Nightly')),
  )
  await press(manager, request, 'Approve')
  await press(member, await received(member, 'Nightly'), 'Reveal key')
  const revealed = await dialogWith(member, 'Copy your key', 'Shown once')
  shown('a key that was revealed', tokenIn(revealed.blocks))
  await member.close(revealed.id)

  const unsaved = await fillAndCreate(manager, await openDialog(manager, 'create'), { name: 'Closed' })
  shown('a key that nobody copied', tokenIn(unsaved.blocks))
  await manager.close(unsaved.id)
  await press(manager, await received(manager, 'Did you copy Closed'), 'Replace key')
  const replaced = await dialogWith(manager, 'Copy your key', 'Shown once')
  shown('a key that was replaced', tokenIn(replaced.blocks))
  await pressIn(manager, replaced, 'I have saved it')
  await manager.close((await dialogWith(manager, 'Key created')).id)

  const started = await submitAndSee(manager, await openDialog(manager, 'rotate Zapier'), {})
  await pressIn(manager, started, 'Reveal key')
  const rotated = await dialogWith(manager, 'Copy your key', 'Shown once')
  shown('a key that was rotated', tokenIn(rotated.blocks))
  await manager.close(rotated.id)

  await verify(made)
  const ended = shown('a key that was revoked', await makeKey(manager, { name: 'Ended' }))
  const paused = await submitAndSee(manager, await openDialog(manager, 'deactivate Ended'), {})
  await manager.close(paused.id)
  await answerTo(manager, 'activate Ended')
  const end = await openDialog(manager, 'revoke Ended')
  await manager.close((await submitAndSee(manager, end, { confirm: ended.slice(4, 8) })).id)
  expect(await verify(ended)).toBe('REVOKED')
}

/** Keys are presented: in every place where a request has one, by the client, and in bodies that make no sense. */
async function present(): Promise<void> {
  const { serviceToken } = product
  const key = secrets['a key that was made']!
  expect(await verify(key)).toBe('VALID')
  await verify(`${key.slice(0, -1)}?`)
  const ways: Record<string, string>[] = [
    { 'x-api-key': key },
    { 'x-forwarded-authorization': `Bearer ${key}` },
  ]
  for (const way of ways) {
    const facts: Record<string, string> = {
      ...bearer(serviceToken),
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': `/v1/contacts?api_key=${key}`,
      'user-agent': `client ${key}`,
    }
    const asked = { headers: { ...facts, ...way } }
    await (await fetch(`${product.url}/v1/forward-auth`, asked)).text()
  }
  const client = openClient({ url: product.url, serviceToken })
  const guard = fetchGuard(
    client,
    () => new Response('let in'),
    () => '203.0.113.7',
  )
  const through = await guard(new Request('http://platform/v1/contacts', { headers: bearer(key) }))
  expect(through.status).toBe(200)
  for (const body of [
    `${key}`,
    `{"key": ${key}}`,
    `{"key": ["${key}"]}`,
    `{"key": "x", "scope": "${key}"}`,
  ]) {
    const response = await post('/v1/verify', serviceToken, body)
    expect(response.status).toBe(400)
    expect(searchFor(secrets).in(await response.text())).toEqual([])
  }
  await (await fetch(`${product.url}/${key}?key=${key}`)).text()
  const foreign = 'sk_live/51Hx+Qz9=Tokens.of.another-maker~kept'
  secrets['a key that was adopted'] = foreign
  const sha256 = createHash('sha256').update(foreign).digest('hex')
  const header = 'sha256,hint,name,scopes,owner,expires'
  const soon = new Date(Date.now() + 80 * 86_400_000).toISOString().slice(0, 10)
  const line = (hint: string, name: string) =>
    `${header}\n${sha256},${hint},${name},read,${people.manager},${soon}\n`
  const wrong = await product.command(['keys', 'import', product.file(line(foreign, 'Adopted'))])
  expect(wrong.code).toBe(1)
  const adopted = await product.command(['keys', 'import', product.file(line('sk_live', 'Adopted'))])
  expect(adopted).toMatchObject({ code: 0 })
  await vi.waitFor(async () => expect(await verify(foreign)).toBe('VALID'), 40_000)
}

/** Whole keys get where none belongs: commands, reports, watched channels, a scanner, the shell. */
async function reportLeaks(): Promise<void> {
  const [manager, member, owner] = [product.as('manager'), product.as('member'), product.as('owner')]
  const key = secrets['a key that was replaced']!
  for (const text of [`show ${key}`, `revoke "${key}"`, key, `list https://a.example/?key=${key}`])
    expect(said(await answerTo(manager, text))).toContain(
      'That is a whole key. Anyone who saw it can use it.',
    )
  const report = await openDialog(manager, 'leaked')
  const done = await submitAndSee(manager, report, { tokens: `API_KEY=${key}`, where: 'a public gist' })
  await manager.close(done.id)
  const watch = await submitAndSee(owner, await openDialog(owner, 'watch'), { channels: [general] })
  await owner.close(watch.id)
  await member.say({ channel: general, text: `it is ${secrets['a key that was revealed']}, use it` })
  await received(member, 'A message of yours holds the whole key')
  const scanner = await product.command(['service-token', 'create', 'scanner', '--for', 'leaks'], '', true)
  secrets['the token of a scanner'] = scanner.out.trim()
  const found = { token: secrets['a key that may write'], where: `https://a.example/?k=${key}` }
  expect((await post('/v1/leaks', scanner.out.trim(), { id: 'one', leaks: [found] })).status).toBe(202)
  const told = await product.command(['keys', 'leaked'], `${secrets['a key that was rotated']}\n`)
  expect(told.out).toMatch(/Zapier/)
}

/** A directory and an HR system get credentials, and use them. */
async function connectSystems(): Promise<void> {
  const owner = product.as('owner')
  const credential = async (button: string, form: RegExp) => {
    const view = await openDialog(owner, 'connect')
    await pressIn(owner, view, button)
    const dialog = await owner.waitFor((screen) => {
      const top = topModal(screen)
      return top && form.test(said(top.blocks)) && top
    })
    await owner.close(dialog.id)
    return said(dialog.blocks)
  }
  const directory = /kwd_[0-9A-Za-z]{30,}/.exec(
    await credential('New SCIM token', /kwd_[0-9A-Za-z]{30,}/),
  )![0]
  shown('the token of a directory', directory)
  const scim = (method: string, path: string, body?: object) =>
    fetch(`${product.url}/scim/v2${path}`, {
      method,
      headers: { ...bearer(directory), 'content-type': 'application/scim+json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const userName = 'leaver@acme.example'
  expect((await scim('POST', '/Users', { userName, active: true })).status).toBe(201)
  expect((await scim('POST', '/Users', { userName: directory, active: 'x' })).status).toBeLessThan(500)

  const words = await credential('New webhook secret', /kwh_[0-9A-Za-z]{30,}/)
  const secret = shown('the secret of a webhook', /kwh_[0-9A-Za-z]{30,}/.exec(words)![0])
  const { id } = await product.world.db('connections').where({ kind: 'webhook' }).first('id')
  const body = '{"user":"U0LEAVER01"}'
  const at = String(Math.floor(Date.now() / 1000))
  const asked = await fetch(`${product.url}/v1/offboardings`, {
    method: 'POST',
    headers: {
      ...{ ...json, 'idempotency-key': 'hr-1', 'x-keywarden-connection': id, 'x-keywarden-timestamp': at },
      'x-keywarden-signature': `v1=${sign(secret, at, body)}`,
    },
    body,
  })
  expect(asked.status).toBe(202)
  const gone = shown(
    'a token of a directory that was revoked',
    /kwd_[0-9A-Za-z]{30,}/.exec(await credential('New SCIM token', /kwd_[0-9A-Za-z]{30,}/))![0],
  )
  expect(gone).not.toBe(directory)
}

/** The process goes on as on any day: what it held of a request alone is gone with the next ones. */
async function calmDown(): Promise<void> {
  const manager = product.as('manager')
  const other = await product.command(['service-token', 'create', 'another'], '', true)
  secrets['another service token'] = other.out.trim()
  for (let n = 0; n < 5; n++) {
    await answerTo(manager, 'list')
    await (await fetch(`${product.url}/healthz`)).text()
    await (await post('/v1/verify', 'kws_nobody', { key: 'tml_nobody' })).text()
  }
}

/** The strings of dialogs that show a secret on purpose. */
const reveals: Partial<Record<Medium, (text: string) => string>> = {
  'calls of Slack': (text) =>
    JSON.stringify(
      (JSON.parse(text) as { method: string }[]).filter(({ method }) => method !== 'views.update'),
    ),
}

const kinds: readonly Medium[] = [
  'standard output',
  'standard error',
  'Postgres',
  'Redis',
  'calls of Slack',
  'metrics',
  'traces and usage',
  'files',
  'memory',
]

describe.each(kinds)('in %s', (medium) => {
  test('no secret is found after all journeys, in any form', () => {
    expect(Object.keys(secrets).length).toBeGreaterThan(12)
    const text = media[medium]
    expect(searchFor(secrets).in(reveals[medium]?.(text) ?? text)).toEqual([])
  })

  test('what was planted is found', () => {
    expect(searchFor({ control }).in(media[medium])).toContain('control (plain)')
  })
})

test('each secret that is shown went to Slack for one dialog only, again where an acknowledgement could hide it, and no other went there', async () => {
  const all = await calls(product.slack.url)
  for (const [name, secret] of Object.entries(secrets)) {
    const one = searchFor({ [name]: secret })
    const showing = all.filter(({ args }) => one.in(JSON.stringify(args)).length > 0)
    const methods = [...new Set(showing.map(({ method }) => method))]
    const dialogs = new Set(showing.map(({ args }) => args.view_id)).size
    const wanted = shownInSlack.has(name)
      ? { methods: ['views.update'], dialogs: 1 }
      : { methods: [], dialogs: 0 }
    expect({ name, methods, dialogs }).toEqual({ name, ...wanted })
  }
})

test('no message of any channel or person holds a secret, but for the one in which somebody posted it', async () => {
  for (const who of ['owner', 'manager', 'member'] as const) {
    const { messages } = await product.as(who).screen()
    const others = Object.values(messages)
      .flat()
      .filter(({ text }) => !text.startsWith('it is tml_'))
    expect(others.length).toBeGreaterThan(0)
    expect(searchFor(secrets).in(JSON.stringify(others))).toEqual([])
  }
})

test('a dump has what is stored of a key, and metrics name no key', () => {
  expect(media.Postgres).toContain(`${secrets['a key that was made']!.slice(0, 8)}...`)
  expect(media.Postgres).toMatch(/token_hash": "\\\\x[0-9a-f]{64}"/)
  expect(media.Redis).toContain('expiring-keys')
  expect(media.metrics).toMatch(/keywarden_verifies_total\{code="VALID"\} \d/)
  expect(media.metrics).not.toMatch(/tml_|Salesforce/)
})

describe('a search finds a secret', () => {
  const secret = 'sk_live/51Hx+Qz9=Ab~'
  const one = searchFor({ it: secret })
  const around = (n: number) => `${'.'.repeat(n)}${secret}${'.'.repeat(5 - n)}`
  test.each([
    ...[0, 1, 2].map((n): [string, string] => [`base64 at ${n}`, Buffer.from(around(n)).toString('base64')]),
    ...[0, 1, 2].map((n): [string, string] => [
      `base64url at ${n}`,
      Buffer.from(around(n)).toString('base64url'),
    ]),
    ['hexadecimal', Buffer.from(around(1)).toString('hex')],
    ['upper hexadecimal', Buffer.from(around(1)).toString('hex').toUpperCase()],
    ['a URL', `?key=${encodeURIComponent(secret)}&x`],
    ['reverse', [...around(1)].toReversed().join('')],
    ['plain', around(3)],
  ])('in %s', (_form, text) => {
    expect(one.in(text)).not.toEqual([])
    expect(one.in(text.slice(0, 12))).toEqual([])
  })

  test('of which every form is longer than what memory is searched for', () => {
    const shortest = Math.min(
      ...Object.values(formsOf(secret))
        .flat()
        .map(({ length }) => length),
    )
    expect(shortest).toBeGreaterThanOrEqual(20)
  })
})
