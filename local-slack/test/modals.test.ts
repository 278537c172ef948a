import type { BlockAction, ViewClosedAction, ViewSubmitAction } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ModalView } from '../contract.ts'
import { type PersonClient, person } from '../person.ts'
import { ada, general, plain, promised, type Running, startBolt } from './bolt.ts'

const trouble = 'We had some trouble connecting. Try again?'

function form(callback_id: string, ...blocks: object[]) {
  const shown = blocks.length > 0 ? blocks : [{ type: 'section', text: plain(callback_id) }]
  return {
    type: 'modal' as const,
    callback_id,
    title: plain(callback_id),
    submit: plain('Next'),
    blocks: shown as [],
  }
}

const option = (value: string) => ({ text: plain(value), value })
const name = (more: object = {}) => ({
  type: 'input',
  block_id: 'name',
  label: plain('Name'),
  element: { type: 'plain_text_input', action_id: 'name', max_length: 10, ...more },
})
const scope = (...values: string[]) => ({
  type: 'input',
  block_id: 'scope',
  dispatch_action: true,
  optional: true,
  label: plain('Scope'),
  element: {
    type: 'static_select',
    action_id: 'scope',
    options: values.map(option),
    initial_option: option(values[0]!),
  },
})

let running: Running
let her: PersonClient
beforeEach(async () => {
  running = await startBolt('socket')
  her = person(running.slack.url, ada)
})
afterEach(() => running.stop())

/** Opens a modal by a command, and returns it as she sees it. */
async function open(view: ReturnType<typeof form> & object): Promise<ModalView> {
  running.app.command('/probe', async ({ ack, client, body }) => {
    await ack()
    await client.views.open({ trigger_id: body.trigger_id, view })
  })
  await her.command({ channel: general, text: '/probe' })
  return her.waitFor((screen) => screen.modals[0])
}

describe('what Slack checks before the app hears of it', () => {
  test('a required field left empty, a text too long, a number out of range', async () => {
    const number = {
      type: 'number_input',
      action_id: 'days',
      is_decimal_allowed: false,
      min_value: '1',
      max_value: '90',
    }
    const days = { type: 'input', block_id: 'days', label: plain('Days'), optional: true, element: number }
    const modal = await open(form('checked', name(), days))
    let deliveries = 0
    running.app.view('checked', async ({ ack }) => {
      deliveries += 1
      await ack()
    })
    const submit = (values: Record<string, Record<string, string>>) => her.submit({ view: modal.id, values })
    expect(await submit({})).toMatchObject({ errors: { name: 'Please complete this required field.' } })
    expect(await submit({ name: { name: 'x'.repeat(11) } })).toMatchObject({ errors: { name: /at most 10/ } })
    const late = await submit({ name: { name: 'ok' }, days: { days: '91' } })
    expect(late).toMatchObject({ errors: { days: 'Enter a number of at most 90.' } })
    expect(await submit({ days: { days: '1.5' } })).toMatchObject({
      errors: { days: 'Enter a whole number.' },
    })
    expect(deliveries).toBe(0)
    expect(await submit({ days: { days: '90' } })).toEqual({ ok: true, outcome: 'closed' })
    expect(deliveries).toBe(1)
  })

  test('an option that is not offered cannot be picked, nor an input filled that is not there', async () => {
    const modal = await open(form('checked', scope('read', 'write')))
    const pick = (block: string, value: string) =>
      her.submit({ view: modal.id, values: { [block]: { scope: value } } })
    await expect(pick('scope', 'admin')).rejects.toThrow('offers no option "admin"')
    await expect(pick('elsewhere', 'read')).rejects.toThrow('There is no input elsewhere/scope')
  })
})

test('a submission carries presets, choices and blanks in the shape of each element', async () => {
  const heard = promised<ViewSubmitAction>()
  running.app.view('shapes', async ({ ack, body }) => {
    await ack()
    heard.keep(body as ViewSubmitAction)
  })
  const input = (block_id: string, element: object) => ({
    type: 'input',
    block_id,
    optional: true,
    label: plain(block_id),
    element: { action_id: 'a', ...element },
  })
  const modal = await open(
    form(
      'shapes',
      input('text', { type: 'plain_text_input' }),
      input('select', {
        type: 'static_select',
        options: [option('x'), option('y')],
        initial_option: option('x'),
      }),
      input('boxes', { type: 'checkboxes', options: [option('x'), option('y')] }),
      input('person', { type: 'users_select' }),
      input('people', { type: 'multi_users_select', initial_users: [ada] }),
      input('day', { type: 'datepicker' }),
    ),
  )
  const values = { boxes: { a: ['y'] }, person: { a: ada }, day: { a: '2027-01-31' } }
  await her.submit({ view: modal.id, values })
  const { view } = await heard.promise
  expect(view.state.values).toEqual({
    text: { a: { type: 'plain_text_input', value: null } },
    select: { a: { type: 'static_select', selected_option: option('x') } },
    boxes: { a: { type: 'checkboxes', selected_options: [option('y')] } },
    person: { a: { type: 'users_select', selected_user: ada } },
    people: { a: { type: 'multi_users_select', selected_users: [ada] } },
    day: { a: { type: 'datepicker', selected_date: '2027-01-31' } },
  })
  expect(view).toMatchObject({
    id: modal.id,
    hash: modal.hash,
    callback_id: 'shapes',
    root_view_id: modal.id,
  })
})

test('what was typed outlives an update where block, action and type stay', async () => {
  running.app.action('scope', async ({ ack, client, body }) => {
    await ack()
    const { view } = body as BlockAction
    const changed = form('first', name({ initial_value: 'preset' }), scope('write', 'read'))
    await client.views.update({ view_id: view!.id, hash: view!.hash, view: changed })
  })
  const modal = await open(form('first', name(), scope('read', 'write')))
  const values = { name: { name: 'billing' } }
  await her.click({ at: { view: modal.id }, blockId: 'scope', actionId: 'scope', value: 'write', values })
  const updated = await her.waitFor((screen) => screen.modals.find((one) => one.hash !== modal.hash))
  expect(updated.values).toEqual({ name: { name: 'billing' }, scope: { scope: 'write' } })
})

test('an update with a stale hash is a hash_conflict, and one of a closed view not_found', async () => {
  const { client } = running.app
  const modal = await open(form('first'))
  const view = form('first', name())
  await client.views.update({ view_id: modal.id, hash: modal.hash, view })
  await expect(client.views.update({ view_id: modal.id, hash: modal.hash, view })).rejects.toThrow(
    'hash_conflict',
  )
  await her.close(modal.id)
  await expect(client.views.update({ view_id: modal.id, view })).rejects.toThrow('not_found')
})

test('a trigger opens one modal, within three seconds', async () => {
  const { app, slack } = running
  const trigger = promised<string>()
  app.command('/probe', async ({ ack, body }) => {
    await ack()
    trigger.keep(body.trigger_id)
  })
  await her.command({ channel: general, text: '/probe' })
  const trigger_id = await trigger.promise
  const view = form('first')
  await expect(app.client.views.open({ trigger_id: 'rubbish', view })).rejects.toThrow('invalid_arguments')
  await expect(app.client.views.open({ trigger_id: '1.2.abc', view })).rejects.toThrow('invalid_trigger_id')
  await app.client.views.open({ trigger_id, view })
  await expect(app.client.views.open({ trigger_id, view })).rejects.toThrow('exchanged_trigger_id')
  expect((await her.screen()).modals).toHaveLength(1)
  expect(slack.connections()).toBe(1)
})

test('modals stack three high; closing one closes what lies above and tells who asked to know', async () => {
  const { app } = running
  const closed = promised<ViewClosedAction>()
  app.view('first', ({ ack }) => ack({ response_action: 'push', view: form('second') }))
  app.view('second', ({ ack }) =>
    ack({ response_action: 'push', view: { ...form('third'), notify_on_close: true } }),
  )
  app.view('third', ({ ack }) => ack({ response_action: 'push', view: form('fourth') }))
  app.view({ callback_id: 'third', type: 'view_closed' }, async ({ ack, body }) => {
    await ack()
    closed.keep(body as ViewClosedAction)
  })
  const first = await open(form('first'))
  expect(await her.submit({ view: first.id, values: {} })).toEqual({ ok: true, outcome: 'pushed' })
  await expect(her.submit({ view: first.id, values: {} })).rejects.toThrow('in front of them')
  const top = async () => (await her.screen()).modals.at(-1)!.id
  await her.submit({ view: await top(), values: {} })
  expect(await her.submit({ view: await top(), values: {} })).toEqual({ ok: false, error: trouble })
  const { modals } = await her.screen()
  expect(modals.map((one) => one.callbackId)).toEqual(['first', 'second', 'third'])
  expect(await her.close(modals[1]!.id)).toEqual({ ok: true })
  expect((await closed.promise).view.id).toBe(modals[2]!.id)
  expect((await her.screen()).modals.map((one) => one.callbackId)).toEqual(['first'])
})

test('an app may update or clear; errors on no input, or a refused view, are trouble for the person', async () => {
  const answers = [
    { response_action: 'errors' as const, errors: { elsewhere: 'No' } },
    { response_action: 'update' as const, view: { ...form('first'), title: plain('x'.repeat(25)) } },
    { response_action: 'update' as const, view: { ...form('first', name()), title: plain('Updated') } },
    { response_action: 'clear' as const },
  ]
  running.app.view('first', async ({ ack }) => ack(answers.shift() as { response_action: 'clear' }))
  const modal = await open(form('first', name()))
  const submit = () => her.submit({ view: modal.id, values: { name: { name: 'a' } } })
  expect(await submit()).toEqual({ ok: false, error: trouble })
  expect(await submit()).toEqual({ ok: false, error: trouble })
  expect(await submit()).toEqual({ ok: true, outcome: 'updated' })
  expect((await her.screen()).modals[0]).toMatchObject({ title: 'Updated', values: { name: { name: 'a' } } })
  expect(await submit()).toEqual({ ok: true, outcome: 'cleared' })
  expect((await her.screen()).modals).toEqual([])
})
