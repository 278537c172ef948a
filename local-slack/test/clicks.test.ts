import type { BlockAction } from '@slack/bolt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InputValue, Message } from '../contract.ts'
import { findAction, findButton } from '../inspect.ts'
import { fault, type PersonClient, person } from '../person.ts'
import { ada, bruno, general, plain, promised, type Running, security, startBolt } from './bolt.ts'

const option = (value: string) => ({ text: plain(value), value })
const options = [option('day'), option('week')]
const controls = {
  button: { type: 'button', text: plain('Revoke key'), value: 'K1', style: 'danger' },
  overflow: { type: 'overflow', options },
  select: { type: 'static_select', options },
  boxes: { type: 'checkboxes', options },
  radio: { type: 'radio_buttons', options, initial_option: options[0] },
  person: { type: 'users_select' },
  people: { type: 'multi_users_select' },
  day: { type: 'datepicker' },
  at: { type: 'datetimepicker' },
}
const everything = Object.entries(controls).map(([action_id, element]) => ({ ...element, action_id }))
const row = (elements: object[]) => [{ type: 'actions', block_id: 'row', elements }] as unknown as []

let running: Running
let her: PersonClient
beforeEach(async () => {
  running = await startBolt('socket')
  her = person(running.slack.url, ada)
})
afterEach(() => running.stop())

async function newest(channel: string): Promise<Message> {
  return (await her.screen()).messages[channel]!.at(-1)!
}

/** The payload of one use of a control of the newest message in a channel. */
async function used(channel: string, actionId: string, value?: InputValue): Promise<BlockAction> {
  const heard = promised<BlockAction>()
  running.app.action(actionId, async ({ ack, body }) => {
    await ack()
    heard.keep(body as BlockAction)
  })
  const { ts } = await newest(channel)
  const at = { message: { channel, ts } }
  expect(await her.click({ at, blockId: 'row', actionId, value })).toEqual({ ok: true })
  return heard.promise
}

test.each<[keyof typeof controls, InputValue | undefined, object]>([
  ['button', undefined, { type: 'button', value: 'K1', text: plain('Revoke key'), style: 'danger' }],
  ['overflow', 'week', { type: 'overflow', selected_option: options[1] }],
  ['select', 'week', { type: 'static_select', selected_option: options[1] }],
  ['boxes', ['day', 'week'], { type: 'checkboxes', selected_options: options }],
  ['radio', 'week', { type: 'radio_buttons', selected_option: options[1] }],
  ['person', bruno, { type: 'users_select', selected_user: bruno }],
  ['people', [ada, bruno], { type: 'multi_users_select', selected_users: [ada, bruno] }],
  ['day', '2027-03-01', { type: 'datepicker', selected_date: '2027-03-01' }],
  ['at', '1803891600', { type: 'datetimepicker', selected_date_time: 1_803_891_600 }],
])('using a %s tells the app what was chosen', async (name, value, expected) => {
  await running.app.client.chat.postMessage({ channel: general, text: 'a', blocks: row(everything) })
  const body = await used(general, name, value)
  expect(body.actions[0]).toMatchObject({ ...expected, action_id: name, block_id: 'row' })
  expect(body.container).toMatchObject({ type: 'message', channel_id: general, is_ephemeral: false })
  expect(body.message!.ts).toBe((await newest(general)).ts)
  expect(body.user).toMatchObject({ id: ada, team_id: running.slack.teamId })
})

test('what was chosen in a message comes along with the next click there', async () => {
  await running.app.client.chat.postMessage({ channel: general, text: 'a', blocks: row(everything) })
  await used(general, 'select', 'week')
  const { state } = await used(general, 'button')
  expect(state!.values.row!.select).toEqual({ type: 'static_select', selected_option: options[1] })
  expect(state!.values.row!.radio).toEqual({ type: 'radio_buttons', selected_option: options[0] })
  expect(state!.values.row!.button).toBeUndefined()
})

test('a click in an ephemeral message says so, and carries no message', async () => {
  const blocks = row([everything[0]!])
  await running.app.client.chat.postEphemeral({ channel: security, user: ada, text: 'a', blocks })
  const body = await used(security, 'button')
  expect(body.container).toMatchObject({ is_ephemeral: true })
  expect(body.message).toBeUndefined()
  const { ts } = await newest(security)
  const him = person(running.slack.url, bruno)
  const at = { message: { channel: security, ts } }
  await expect(him.click({ at, blockId: 'row', actionId: 'button' })).rejects.toThrow('sees no message')
})

test('nobody can use a control that is not there, or an option that is not offered', async () => {
  await running.app.client.chat.postMessage({ channel: general, text: 'a', blocks: row(everything) })
  const at = { message: { channel: general, ts: (await newest(general)).ts } }
  await expect(her.click({ at, blockId: 'row', actionId: 'gone' })).rejects.toThrow('no control row/gone')
  await expect(her.click({ at, blockId: 'row', actionId: 'select', value: 'year' })).rejects.toThrow(
    'no option "year"',
  )
})

test('a response_url takes five posts in any form, and no sixth', async () => {
  await running.app.client.chat.postMessage({
    channel: general,
    text: 'origin',
    blocks: row([everything[0]!]),
  })
  const { response_url } = (await used(general, 'button')) as BlockAction & { response_url: string }
  const send = async (body: object) => {
    const response = await fetch(response_url, { method: 'POST', body: JSON.stringify(body) })
    return [response.status, ((await response.json()) as { error?: string }).error]
  }
  const his = async () =>
    (await person(running.slack.url, bruno).screen()).messages[general]!.map((one) => one.text)
  expect(await send({ text: 'for her' })).toEqual([200, undefined])
  expect(await his()).toEqual(['origin'])
  expect(await send({ text: 'for all', response_type: 'in_channel' })).toEqual([200, undefined])
  expect(await send({ text: 'changed', replace_original: true })).toEqual([200, undefined])
  expect(await his()).toEqual(['changed', 'for all'])
  expect(await send({ blocks: [{ type: 'section' }] })).toEqual([400, 'invalid_blocks'])
  expect(await send({ delete_original: true })).toEqual([200, undefined])
  expect(await his()).toEqual(['for all'])
  expect(await send({ text: 'too much' })).toEqual([404, 'used_url'])
})

test('a response_url may fail like any other call', async () => {
  await running.app.client.chat.postMessage({
    channel: general,
    text: 'origin',
    blocks: row([everything[0]!]),
  })
  const { response_url } = (await used(general, 'button')) as BlockAction & { response_url: string }
  await fault(running.slack.url, { method: 'response_url', times: 1, kind: 'server_error' })
  const send = () => fetch(response_url, { method: 'POST', body: JSON.stringify({ text: 'a' }) })
  expect((await send()).status).toBe(500)
  expect((await send()).status).toBe(200)
})

test('Home has controls too, and a stale Home is not overwritten', async () => {
  const { app } = running
  const view = { type: 'home' as const, blocks: row([everything[0]!]) }
  const published = await app.client.views.publish({ user_id: ada, view })
  const home = (await her.screen()).home!
  const heard = promised<BlockAction>()
  app.action('button', async ({ ack, body }) => {
    await ack()
    heard.keep(body as BlockAction)
  })
  const { blockId, actionId } = findButton(home.blocks, 'Revoke key')!
  await her.click({ at: { view: home.id }, blockId, actionId })
  expect(await heard.promise).toMatchObject({
    container: { type: 'view', view_id: home.id },
    view: { type: 'home', hash: home.hash },
  })
  const { hash } = published.view!
  await app.client.views.publish({ user_id: ada, view, hash })
  await expect(app.client.views.publish({ user_id: ada, view, hash })).rejects.toThrow('hash_conflict')
})

test('a button that a custom step posted completes that step', async () => {
  const { app, slack } = running
  app.function('revoke_access', async ({ client }) => {
    await client.chat.postMessage({ channel: general, text: 'Revoke?', blocks: row([everything[0]!]) })
  })
  app.action('button', async ({ ack, complete }) => {
    await ack()
    await complete!({ outputs: { revoked: 1 } })
  })
  const execution = await slack.runStep('revoke_access', { person: bruno })
  const message = await her.waitFor((screen) => screen.messages[general]!.at(-1))
  const { blockId, actionId } = findAction(message.blocks, 'button')!
  await her.click({ at: { message: { channel: general, ts: message.ts } }, blockId, actionId })
  expect(await slack.stepOutcome(execution)).toEqual({ ok: true, outputs: { revoked: 1 } })
})

test('only those whom the manifest and the channel admit are heard', async () => {
  const { slack, app } = running
  let heard = 0
  app.command(/.*/, async ({ ack }) => {
    heard += 1
    await ack()
  })
  const outcome = await her.command({ channel: general, text: '/unknown' })
  expect(outcome).toEqual({ ok: false, error: '/unknown is not a valid command.' })
  const guest = person(slack.url, 'U0HANA0008')
  await expect(guest.command({ channel: general, text: '/probe' })).rejects.toThrow('is not in channel')
  expect(heard).toBe(0)
  const stranger = person(slack.url, 'U0IVO00009')
  expect(await stranger.command({ channel: 'C0GLOBEX01', text: '/probe' })).toEqual({ ok: true })
  expect(heard).toBe(1)
})
