import type { ModalView } from 'local-slack/contract'
import { topModal } from 'local-slack/inspect'
import { calls, fault, type PersonClient } from 'local-slack/person'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clicks, closes, commands, submits } from '../../src/slack/routes.ts'
import { house, makeKey, openDialog, people, said, submit, submitAndSee, useHouse } from '../setup/house.ts'
import { openWire, type Sender, type Typed } from './wire.ts'

let wire: Awaited<ReturnType<typeof openWire>>
let key: { id: string; version: number; workspace_id: string }

useHouse({ mode: 'http' })
beforeAll(async () => {
  wire = await openWire(house)
  await makeKey(house.as('manager'), { name: 'Waited for' })
  key = await house.world.db('keys').first('id', 'version', 'workspace_id')
})
afterAll(async () => {
  await wire.stop()
  // What still waits for Slack waits no longer.
  await house.slack.close()
})

/** Slack gives three seconds, of which the network and a busy machine take their part. */
const soonMs = 2_000

/** A full member of the team whom nobody has met, so that Slack has to say who they are. */
const unmet = people.otherMember
/** A guest, whom no list of members holds. */
const guest = people.guest

const person = (id: string): Typed => ({ type: 'users_select', selected_user: id })
const text = (value: string): Typed => ({ type: 'plain_text_input', value })
const option = (value: string): Typed => ({ type: 'static_select', selected_option: { value } })
const options = (...values: string[]): Typed => ({
  type: 'checkboxes',
  selected_options: values.map((value) => ({ value })),
})
const channel = (id: string): Typed => ({ type: 'conversations_select', selected_conversation: id })
const time = (at: string): Typed => ({ type: 'timepicker', selected_time: at })

/** Fields that lead to a question that only Slack answers. Other dialogs are submitted empty. */
const asking: Record<string, () => Promise<{ about: string; fields: Record<string, Typed> }>> = {
  'key.create': async () => ({
    about: '',
    fields: { name: text('Asked'), scopes: options('read'), expires: option('90'), owner: person(guest) },
  }),
  'key.request': async () => ({
    about: '',
    fields: {
      ...{ name: text('Asked for'), scopes: options('read'), expires: option('90'), owner: person(guest) },
      reason: text('It is needed.'),
    },
  }),
  'key.edit': async () => ({
    about: `${key.id} ${key.version}`,
    fields: { name: text('Waited for'), owner: person(guest) },
  }),
  'key.rotate': async () => ({
    about: key.id,
    fields: { reason: option('leaver'), owner: person(guest) },
  }),
  'rotation.campaign': async () => ({
    about: '',
    fields: { which: option('expiring'), reason: option('leaver'), owner: person(guest) },
  }),
  'alert.assign': async () => ({ about: 'fin_none', fields: { to: person(guest) } }),
  offboard: async () => ({ about: people.member, fields: { successor: person(guest) } }),
  'roles.set': async () => ({ about: '', fields: { person: person(guest), role: option('manager') } }),
  'policy.set': async () => ({ about: 'alerts any', fields: await policyFields() }),
}

/** The alerts of the policy as their form has them, in another channel. */
async function policyFields(): Promise<Record<string, Typed>> {
  const form = await openDialog(house.as('owner'), 'policy alerts')
  const fields = Object.entries(form.values).map(([field, values]): [string, Typed] => {
    const value = String(Object.values(values)[0] ?? '')
    if (/Channel$/.test(field)) return [field, channel('C0OLDNEWS1')]
    if (/^quiet/.test(field)) return [field, time(value)]
    return [field, { ...text(value), selected_option: { value } }]
  })
  return Object.fromEntries(fields)
}

const sender = (id: string): Sender => ({ id, team: house.slack.teamId })

test('what Slack says later is on the form, with what was typed, and the form can be sent again', async () => {
  const owner = house.as('owner')
  const form = await openDialog(owner, 'create')
  const typed = { name: 'Kept as typed', description: 'With care', scopes: ['read'], owner: guest }
  await fault(house.slack.url, { method: 'users.info', times: 1, kind: 'slow', afterMs: 3_500, about: guest })
  expect(await submit(owner, form, typed)).toMatchObject({ outcome: 'updated' })
  const kept = await submittable(owner, 'Owner: Choose a full member of your team.')
  expect(kept.values).toMatchObject({
    name: { name: 'Kept as typed' },
    description: { description: 'With care' },
    owner: { owner: guest },
  })
  expect(Object.values(kept.values.scopes!)).toEqual([['read']])
  const again = await submitAndSee(owner, kept, { owner: people.manager })
  expect(said(again.blocks)).toContain('Kept as typed waits for')
})

test('where Slack does not answer, the form says so and keeps what was typed', async () => {
  const owner = house.as('owner')
  const form = await openDialog(owner, 'roles')
  await fault(house.slack.url, { method: 'users.info', times: 1, kind: 'server_error' })
  expect(await submit(owner, form, { person: unmet, role: 'manager' })).toMatchObject({ outcome: 'updated' })
  const kept = await submittable(owner, 'Person: Slack does not say who that is.')
  expect(kept.values).toMatchObject({ person: { person: unmet }, role: { role: 'manager' } })
})

const submittable = (who: PersonClient, words: string): Promise<ModalView> =>
  who.waitFor((screen) => {
    const top = topModal(screen)
    return top?.submit && said(top.blocks).includes(words) ? top : undefined
  })

test('nothing that a person does waits for Slack before it is acknowledged', async () => {
  const about = (rest = 'none') => `${key.workspace_id}/${rest}`
  const filled = new Map<string, { about: string; fields: Record<string, Typed> }>()
  for (const { id } of submits) filled.set(id, (await asking[id]?.()) ?? { about: 'none', fields: {} })
  const acts = (who: Sender): [string, () => Promise<number>][] => [
    ...commands.map(({ verb }): [string, () => Promise<number>] => [
      `command ${verb}`,
      () => wire.timed.command(who, verb),
    ]),
    ...clicks.map(({ id }): [string, () => Promise<number>] => [
      `click ${id}`,
      () => wire.timed.click(who, id, about()),
    ]),
    ...submits.map(({ id }): [string, () => Promise<number>] => [
      `submit ${id}`,
      () => wire.timed.submit(who, id, about(filled.get(id)!.about), filled.get(id)!.fields),
    ]),
    ...closes.map(({ id }): [string, () => Promise<number>] => [
      `close ${id}`,
      () => wire.timed.close(who, id, about()),
    ]),
    ['open Home', () => wire.timed.event({ type: 'app_home_opened', user: who.id, tab: 'home' })],
    [
      'a group changed',
      () => wire.timed.event({ type: 'subteam_members_changed', subteam_id: 'S0PLATFORM' }),
    ],
    ['a person changed', () => wire.timed.event({ type: 'user_change', user: { id: who.id } })],
    ['a workflow step', () => wire.timed.event(step(who.id))],
  ]
  await fault(house.slack.url, { method: '*', times: 1_000_000, kind: 'slow', afterMs: 10_000 })
  const before = (await calls(house.slack.url)).length
  const late: Record<string, number> = {}
  for (const who of [people.owner, unmet])
    for (const [name, act] of acts(sender(who))) {
      const tookMs = await act()
      if (tookMs > soonMs) late[`${name} by ${who}`] = Math.round(tookMs)
    }
  expect(late).toEqual({})
  // That the fields do lead to Slack: each was asked about, and nobody waited for it.
  const asked = (await calls(house.slack.url, 'users.info', before)).map(({ args }) => args.user)
  expect(asked.filter((user) => user === guest).length).toBeGreaterThanOrEqual(8)
  expect(asked).toContain(unmet)
  expect((await calls(house.slack.url, 'conversations.info', before)).length).toBeGreaterThan(0)
}, 120_000)

const step = (userId: string) => ({
  type: 'function_executed',
  function: { callback_id: 'offboard_person' },
  function_execution_id: `Fx${userId}`,
  inputs: { user: userId, successor: guest },
})
