import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { messagesIn } from '../../sandbox/slack/look.ts'
import { calls, person } from '../../sandbox/slack/person.ts'
import { general, house, makeKey, people, said, useHouse } from '../setup/house.ts'
import { commandBody, send } from './wire.ts'

const logged: string[] = []
useHouse({
  mode: 'http',
  log: pino({ level: 'info' }, { write: (line) => logged.push(line) }),
})

const challenge = JSON.stringify({ type: 'url_verification', challenge: 'word' })
const json = 'application/json'

describe('a request to the Slack address', () => {
  test('is answered when Slack signed it, whatever charset its type names', async () => {
    const types = [json, `${json}; charset=utf-8`, 'Application/JSON']
    for (const [i, contentType] of types.entries())
      expect(await send(house, challenge, { contentType, offsetSeconds: -i })).toEqual({
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
    const before = (await calls(house.slack.url)).length
    const body = commandBody(house, 'manager', 'activate anything')
    expect(await send(house, body, forged)).toEqual({ status: 401, body: { text: '' } })
    expect((await calls(house.slack.url)).length).toBe(before)
  })

  test('is taken once: the same signature a second time is refused', async () => {
    const forged = { contentType: json, offsetSeconds: -9 }
    expect((await send(house, challenge, forged)).status).toBe(200)
    expect((await send(house, challenge, forged)).status).toBe(401)
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
  const [first] = (await calls(house.slack.url, 'views.open')).slice(opened)
  const body = commandBody(house, 'manager', 'create', String(first!.args.trigger_id))
  expect((await send(house, body, { retry: 1 })).status).toBe(200)
  await expect.poll(async () => (await calls(house.slack.url, 'views.open')).length).toBe(opened + 2)
  const [, second] = (await calls(house.slack.url, 'views.open')).slice(opened)
  expect(second!.reply).toMatchObject({ error: 'exchanged_trigger_id' })
  expect(await messages()).toEqual(before)
})
