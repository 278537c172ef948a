import type { SlashCommand } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findButton, textOf } from '../inspect.ts'
import { person } from '../person.ts'
import { ada, bruno, general, plain, promised, type Running, startBolt } from './bolt.ts'

const form = {
  type: 'modal' as const,
  callback_id: 'form',
  title: plain('Create key'),
  submit: plain('Create'),
  blocks: [
    {
      type: 'input' as const,
      block_id: 'name',
      label: plain('Name'),
      element: { type: 'plain_text_input' as const, action_id: 'name' },
    },
  ],
}

describe.each(['socket', 'http'] as const)('a Bolt app over %s', (over) => {
  let running: Running
  beforeEach(async () => {
    running = await startBolt(over)
  })
  afterEach(() => running.stop())

  test('hears who typed a command where, and answers that person alone', async () => {
    const { slack, app } = running
    const heard = promised<SlashCommand>()
    app.command('/probe', async ({ ack, command }) => {
      heard.keep(command)
      await ack({ text: 'Only you see this' })
    })
    const outcome = await person(slack.url, ada).command({
      channel: general,
      text: '/probe revoke  @bruno now',
    })
    expect(outcome).toEqual({ ok: true })
    expect(await heard.promise).toMatchObject({
      command: '/probe',
      text: `revoke  <@${bruno}|bruno> now`,
      user_id: ada,
      team_id: slack.teamId,
      channel_id: general,
      channel_name: 'general',
    })
    const hers = await person(slack.url, ada).screen()
    const his = await person(slack.url, bruno).screen()
    expect(hers.messages[general]).toMatchObject([{ text: 'Only you see this', ephemeral: true }])
    expect(his.messages[general]).toEqual([])
  })

  test('opens a modal, refuses what was typed on the field, and takes it the second time', async () => {
    const { slack, app } = running
    app.command('/probe', async ({ ack, client, body }) => {
      await ack()
      await client.views.open({ trigger_id: body.trigger_id, view: form })
    })
    app.view('form', async ({ ack, view }) => {
      const name = view.state.values.name!.name!.value
      await (name === 'taken' ? ack({ response_action: 'errors', errors: { name: 'Taken' } }) : ack())
    })
    const her = person(slack.url, ada)
    await her.command({ channel: general, text: '/probe' })
    const modal = await her.waitFor((screen) => screen.modals[0])
    expect(await her.submit({ view: modal.id, values: { name: { name: 'taken' } } })).toEqual({
      ok: true,
      outcome: 'errors',
      errors: { name: 'Taken' },
    })
    const again = (await her.screen()).modals[0]
    expect(again).toMatchObject({ errors: { name: 'Taken' }, values: { name: { name: 'taken' } } })
    const outcome = await her.submit({ view: modal.id, values: { name: { name: 'free' } } })
    expect(outcome).toEqual({ ok: true, outcome: 'closed' })
    expect((await her.screen()).modals).toEqual([])
  })

  test('edits the message in which a button was clicked', async () => {
    const { slack, app } = running
    app.action('revoke', async ({ ack, respond, body }) => {
      await ack()
      await respond({ replace_original: true, text: `Revoked by ${body.user.id}`, blocks: [] })
    })
    await app.client.chat.postMessage({
      channel: general,
      text: 'A key is idle',
      blocks: [
        { type: 'section', text: plain('A key is idle') },
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'revoke', text: plain('Revoke key'), value: 'K1' }],
        },
      ],
    })
    const him = person(slack.url, bruno)
    const message = await him.waitFor((screen) => screen.messages[general]!.at(-1))
    const { blockId, actionId } = findButton(message.blocks, 'Revoke key')!
    const at = { message: { channel: general, ts: message.ts } }
    expect(await him.click({ at, blockId, actionId })).toEqual({ ok: true })
    const edited = await him.waitFor((screen) => screen.messages[general]!.find((one) => one.edited))
    expect(edited).toMatchObject({ ts: message.ts, text: `Revoked by ${bruno}`, blocks: [] })
  })

  test('hears a direct message and the opening of Home, and publishes a Home for that person only', async () => {
    const { slack, app } = running
    app.message('hello', async ({ say }) => {
      await say('Good day')
    })
    app.event('app_home_opened', async ({ event, client }) => {
      const blocks = [{ type: 'section' as const, text: plain('Your keys') }]
      await client.views.publish({ user_id: event.user, view: { type: 'home', blocks } })
    })
    const her = person(slack.url, ada)
    const dm = slack.dmOf(ada).id
    await her.say({ channel: dm, text: 'hello there' })
    await her.waitFor((screen) => screen.messages[dm]!.some((one) => one.text === 'Good day'))
    await her.home()
    const home = await her.waitFor((screen) => screen.home)
    expect(textOf(home.blocks)).toContain('Your keys')
    const his = await person(slack.url, bruno).screen()
    expect(his.home).toBeNull()
    expect(his.messages[dm]).toBeUndefined()
  })

  test('hears that a person was deactivated, and finds them by email no more', async () => {
    const { slack, app } = running
    const heard = promised<boolean>()
    app.event('user_change', async ({ event }) => heard.keep(event.user.deleted))
    await slack.setPerson(bruno, { deleted: true })
    expect(await heard.promise).toBe(true)
    await expect(app.client.users.lookupByEmail({ email: 'bruno@acme.example' })).rejects.toThrow(
      'users_not_found',
    )
    const { user } = await app.client.users.info({ user: bruno })
    expect(user).toMatchObject({ id: bruno, deleted: true })
    await expect(person(slack.url, bruno).home()).rejects.toThrow('deactivated')
  })

  test('is asked for a custom step and completes it with the token that came along', async () => {
    const { slack, app } = running
    app.function('revoke_access', async ({ inputs, complete }) => {
      await complete({ outputs: { revoked: inputs.person === bruno ? 2 : 0 } })
    })
    const execution = await slack.runStep('revoke_access', { person: bruno })
    expect(await slack.stepOutcome(execution)).toEqual({ ok: true, outputs: { revoked: 2 } })
  })
})
