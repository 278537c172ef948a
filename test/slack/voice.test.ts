import type { Call } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { beforeAll, expect, test } from 'vitest'
import {
  answerTo,
  general,
  house,
  makeKey,
  openDialog,
  people,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { received } from '../setup/seen.ts'

type Fields = Record<string, unknown>
/** Everything with blocks that the bot showed somebody in the course of a small story. */
const shown: { where: string; blocks: Fields[] }[] = []

useHouse()
beforeAll(async () => {
  const [owner, manager, member] = [house.as('owner'), house.as('manager'), house.as('member')]
  await manager.home()
  await makeKey(manager, { name: 'Voice', expires: '5', integration: 'Salesforce' })
  await submitAndSee(manager, await openDialog(manager, 'create Offer'), {
    scopes: ['read'],
    owner: people.member,
  })
  await received(member, 'Offer')
  await submitAndSee(member, await openDialog(member, 'request Wish'), {
    scopes: ['write'],
    reason: 'Because',
  })
  for (const verb of ['show', 'edit', 'rotate', 'deactivate', 'revoke', 'holders'])
    await openDialog(manager, `${verb} Voice`)
  for (const dialog of ['roles', 'policy']) await openDialog(owner, dialog)
  for (const refused of ['create', 'revoke Voice', 'policy']) await openDialog(member, refused)
  for (const words of ['', 'help', 'list', 'list none', 'audit', 'activate Voice'])
    await answerTo(manager, words)
  await submitAndSee(manager, await openDialog(manager, 'rotate Voice'), {})
  await openDialog(manager, 'revoke Voice')
  await openDialog(manager, 'show Voicee')
  await house.keywarden.runTimetable()
  const calls = (await (await fetch(`${house.slack.url}/calls`)).json()) as Call[]
  for (const { method, args } of calls as unknown as { method: string; args: Fields }[]) {
    const blocks = (args.blocks ?? (args.view as Fields | undefined)?.blocks) as Fields[] | undefined
    if (blocks) shown.push({ where: method, blocks })
  }
  for (const message of messagesIn(await manager.screen(), general))
    shown.push({ where: 'answer', blocks: message.blocks as unknown as Fields[] })
})

function* within(value: unknown): Generator<Fields> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Fields
  for (const one of Object.values(value)) yield* within(one)
}

const buttons = (blocks: Fields[]) => [...within(blocks)].filter((one) => one.type === 'button')

test('the story showed dialogs, messages and Homes', () => {
  const places = new Set(shown.map(({ where }) => where))
  expect([...places]).toEqual(
    expect.arrayContaining(['views.open', 'views.update', 'views.publish', 'chat.postMessage', 'answer']),
  )
  expect(shown.flatMap(({ blocks }) => buttons(blocks)).length).toBeGreaterThan(50)
})

test('no sentence of the bot shouts', () => {
  for (const { blocks } of shown)
    for (const one of within(blocks))
      if (typeof one.text === 'string') expect(one.text.replace(/<![^>]*>/g, '')).not.toContain('!')
})

test('a view has at most one red button', () => {
  for (const { blocks } of shown)
    expect(buttons(blocks).filter((one) => one.style === 'danger').length).toBeLessThanOrEqual(1)
})

test('a button about a key says to a screen reader which', async () => {
  const names = new Map(
    (await house.world.db('keys').select('id', 'name')).map(({ id, name }: { id: string; name: string }) => [
      id,
      name,
    ]),
  )
  let about = 0
  for (const { blocks } of shown)
    for (const button of buttons(blocks)) {
      const id = /key_[0-9a-z]+/.exec(String(button.value))?.[0]
      if (!id) continue
      about++
      expect(button.accessibility_label, JSON.stringify(button)).toContain(names.get(id))
    }
  expect(about).toBeGreaterThan(10)
})

test('no button leads nowhere: each is answered by a route', async () => {
  const { clickFor } = await import('../../src/slack/routes.ts')
  for (const { blocks } of shown)
    for (const { action_id, value } of buttons(blocks)) {
      const rest = String(value ?? '').replace(/^[^/]*\//, '')
      expect(clickFor(String(action_id), rest), `${action_id} ${value}`).toBeDefined()
    }
})
