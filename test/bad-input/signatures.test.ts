import { messagesIn } from 'local-slack/inspect'
import { calls, person } from 'local-slack/person'
import { sign } from 'local-slack/sign'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { start } from '../../src/start.ts'
import { general, house, makeKey, people, said, useHouse } from '../setup/house.ts'
import { commandBody, nowSeconds, send } from './wire.ts'

const logged: string[] = []
useHouse({
  mode: 'http',
  log: pino({ level: 'info' }, { write: (line) => logged.push(line) }),
})

const challenge = JSON.stringify({ type: 'url_verification', challenge: 'word' })
const json = 'application/json'
const silent = pino({ level: 'silent' })

const create = () => commandBody(house, 'manager', 'create anything')
/** Dialogs that were asked for, with a trigger that Slack does not know. */
const opened = () => calls(house.slack.url, 'views.open')

describe('a request to the Slack address', () => {
  test('is answered when Slack signed it, whatever charset its type names', async () => {
    const types = [json, `${json}; charset=utf-8`, 'Application/JSON']
    const now = nowSeconds()
    for (const [i, contentType] of types.entries())
      expect(await send(house, challenge, { contentType, atSeconds: now - i })).toEqual({
        status: 200,
        body: { challenge: 'word' },
      })
    const form = 'application/x-www-form-urlencoded; charset=utf-8'
    expect(await send(house, commandBody(house, 'manager', 'list'), { contentType: form })).toEqual({
      status: 200,
      body: { text: '' },
    })
  })

  test.each([
    ['is forged', { secret: 'another secret of some length' }],
    ['has no signature', { signature: '' }],
    ['has half a signature', { signature: 'v0=' }],
    ['is older than five minutes', { offsetSeconds: -301 }],
    ['is from the future', { offsetSeconds: 302 }],
    ['has a time that is none', { offsetSeconds: Number.NaN }],
  ])('is refused when it %s, and nothing happens', async (_what, forged) => {
    expect(await send(house, create(), forged)).toEqual({ status: 401, body: { text: '' } })
    expect(await opened()).toEqual([])
  })

  test('opens a dialog when it is none of these', async () => {
    expect(await send(house, create())).toEqual({ status: 200, body: { text: '' } })
    await expect.poll(opened).toHaveLength(1)
  })

  test('is taken once: the same signature a second time is refused', async () => {
    const forged = { contentType: json, atSeconds: nowSeconds() - 9 }
    expect((await send(house, challenge, forged)).status).toBe(200)
    expect((await send(house, challenge, forged)).status).toBe(401)
  })

  test.each(['=', '=x', ' ', ', x', '00'])(
    'is taken once, also with %j behind its signature',
    async (more) => {
      const seconds = nowSeconds() - 30
      const signature = sign(house.slack.signingSecret, seconds, challenge)
      const post = (written: string, timestamp = String(seconds)) =>
        send(house, challenge, { contentType: json, signature: written, timestamp })
      const before = logged.length
      for (const written of [signature + more, signature.toUpperCase(), signature.replace('v0', 'v1')])
        if (written.trim() !== signature) expect((await post(written)).status).toBe(401)
      for (const timestamp of [`+${seconds}`, `0${seconds}`, `${seconds}.0`, `${seconds}e0`, ''])
        expect((await post(signature, timestamp)).status).toBe(401)
      expect(logged.length).toBeGreaterThan(before)
    },
  )

  test('is taken once by all processes: another one refuses it too', async () => {
    const second = await start({
      config: house.world.config,
      roles: ['bot'],
      clock: house.calendar,
      log: silent,
    })
    try {
      const forged = { contentType: json, atSeconds: nowSeconds() - 40 }
      expect((await send(house, challenge, { ...forged, url: second.url })).status).toBe(200)
      expect((await send(house, challenge, forged)).status).toBe(401)
      expect((await send(house, challenge, { ...forged, url: second.url })).status).toBe(401)
    } finally {
      await second.stop()
    }
  })

  test('is read as what was signed, whatever its content type says', async () => {
    const payload = encodeURIComponent(JSON.stringify({ type: 'url_verification', challenge: 'stolen' }))
    const signedJson = JSON.stringify({ type: 'event_callback', text: `&payload=${payload}&` })
    const form = commandBody(house, 'manager', 'list', '1.2.typed')
    for (const contentType of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'])
      expect(await send(house, signedJson, { contentType, offsetSeconds: -50 })).toEqual({
        ...{ status: 400, body: { text: '' } },
      })
    for (const contentType of [json, 'application/json5', 'text/plain'])
      expect((await send(house, form, { contentType, offsetSeconds: -50 })).status).toBe(400)
    // A reading that was refused does not use up the signature.
    expect((await send(house, form, { offsetSeconds: -50 })).status).toBe(200)
  })

  test('that is signed but makes no sense is refused at once and harms nobody', async () => {
    for (const body of [
      '',
      'a=b',
      'payload={',
      'payload=null',
      'payload=[]',
      'payload="text"',
      'payload=%00',
    ])
      expect((await send(house, body)).status).toBe(400)
    for (const body of ['', '[', '[]', 'null', '"text"', '{}'])
      expect((await send(house, body, { contentType: json, offsetSeconds: -20 })).status).toBe(400)
    expect((await send(house, 'a'.repeat(1024 * 1024 + 1))).status).toBe(413)
    expect((await fetch(`${house.keywarden.url}/readyz`)).status).toBe(200)
  })
})

describe('a signed payload of which a field is of another kind than Slack writes', () => {
  const user = { id: people.manager }
  const team = { id: 'T1' }
  const click = { type: 'block_actions', user, team, actions: [{ action_id: 'a', block_id: 'b' }] }
  const submit = { type: 'view_submission', user, team, view: {} }
  const shortcut = { type: 'shortcut', user, team, callback_id: 'x' }
  const refused: [string, Record<string, unknown>][] = [
    ...[null, {}, 'U1', 7].map((value): [string, Record<string, unknown>] => [
      `user`,
      { ...click, user: value },
    ]),
    ...['T1', 7, {}].map((value): [string, Record<string, unknown>] => ['team', { ...submit, team: value }]),
    ['team and user', { ...shortcut, team: null, user: null }],
    ['enterprise', { ...click, enterprise: { id: 7 } }],
    ['channel', { ...click, channel: null }],
    ['actions', { ...click, actions: [] }],
    ['view', { ...submit, view: null }],
    ['name', { name: null, type: 'block_suggestion' }],
    ['nothing but its type', { type: 'a' }],
    ['event', { type: 'event_callback', event: null }],
    ...['user', 'channel', 'item', 'subteam'].map((field): [string, Record<string, unknown>] => [
      `the event's ${field}`,
      { type: 'event_callback', event: { type: 'message', [field]: null } },
    ]),
    ['authorizations', { type: 'event_callback', event: { type: 'message' }, authorizations: [null] }],
  ]
  for (const [field, body] of refused)
    test(`is refused at once: ${field} ${JSON.stringify(body)}`, async () => {
      const isEvent = 'event' in body
      const text = JSON.stringify(body)
      const sent = isEvent ? text : `payload=${encodeURIComponent(text)}`
      expect(await send(house, sent, isEvent ? { contentType: json } : {})).toEqual({
        ...{ status: 400, body: { text: '' } },
      })
    })
})

test('a command that Slack delivers twice acts once', async () => {
  const manager = person(house.slack.url, people.manager)
  await makeKey(manager, { name: 'Zapier' })
  await house.world.db('keys').where({ name: 'Zapier' }).update({ status: 'inactive' })
  const body = commandBody(house, 'manager', 'activate Zapier', '77.88.cafe')
  expect((await send(house, body)).status).toBe(200)
  expect((await send(house, body, { retry: 1, offsetSeconds: 1 })).status).toBe(200)
  await expect
    .poll(() => house.world.db('keys').where({ name: 'Zapier' }).first('status'))
    .toEqual({
      status: 'active',
    })
  await house.world.db('acts_done').where('request_id', 'like', '77.88.cafe%').first()
  const events = await house.world.db('audit_events').where({ event: 'key.activated' })
  expect(events).toHaveLength(1)
})

test('a dialog that Slack asks for twice opens once, and nobody reads of an error', async () => {
  const manager = person(house.slack.url, people.manager)
  const messages = async () => messagesIn(await manager.screen(), general).map(said)
  const before = await messages()
  const opened = (await calls(house.slack.url, 'views.open')).length
  await manager.command({ channel: general, text: '/keys create' })
  await expect.poll(async () => (await calls(house.slack.url, 'views.open')).length).toBe(opened + 1)
  const [first] = (await calls(house.slack.url, 'views.open')).slice(opened)
  const body = commandBody(house, 'manager', 'create', String(first!.args.trigger_id))
  expect((await send(house, body, { retry: 1 })).status).toBe(200)
  await expect.poll(async () => (await calls(house.slack.url, 'views.open')).length).toBe(opened + 2)
  const [, second] = (await calls(house.slack.url, 'views.open')).slice(opened)
  expect(second!.reply).toMatchObject({ error: 'exchanged_trigger_id' })
  expect(await messages()).toEqual(before)
})
