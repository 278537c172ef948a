import type { Message } from 'local-slack/contract'
import { findButton, topModal } from 'local-slack/inspect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { retention } from '../../jobs/retention.ts'
import { perform } from '../../src/acts/perform.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { markSaved, replace } from '../../src/keys/replace.ts'
import { callPlatform, fillAndCreate, house, openDialog, people, press, pressIn, said, tokenIn, useHouse } from '../setup/house.ts' // biome-ignore format: a list
import { dialogWith, directMessages, oldCopy, received, recorded } from '../setup/seen.ts'
import { openWire } from '../slack/wire.ts'

let wire: Awaited<ReturnType<typeof openWire>>
useHouse({ mode: 'http' })
beforeAll(async () => {
  wire = await openWire(house)
})
afterAll(() => wire.stop())

const manager = () => house.as('manager')
const hintOf = (token: string) => `${token.slice(0, 8)}...`
const keyNamed = (name: string) => house.world.db('keys').where({ name }).first()

/** Makes a key and leaves the dialog open: the token, the dialog, and the message about it. */
async function makeAndKeepOpen(name: string) {
  const shown = await fillAndCreate(manager(), await openDialog(manager(), 'create'), { name })
  const message = await received(manager(), `${name} (`)
  return { token: tokenIn(shown.blocks), shown, message }
}

/** The dialog that shows another token than these. */
const nextToken = (...before: string[]) =>
  manager().waitFor((screen) => {
    const top = topModal(screen)
    const token = /tml_[0-9A-Za-z]{38}/.exec(JSON.stringify(top?.blocks ?? []))?.[0]
    return top && token && !before.includes(token) ? { view: top, token } : undefined
  })

async function save(view: { id: string; blocks: Message['blocks'] }) {
  await pressIn(manager(), view as never, 'I have saved it')
  await manager().close((await dialogWith(manager(), 'Key created')).id)
}

const asItWas = (old: Parameters<typeof oldCopy>[1], value?: string) => oldCopy(house, old, value)

/** The direct message once it has lost its Replace key. */
const withoutReplace = ({ ts }: Message): Promise<Message> =>
  manager().waitFor((screen) =>
    directMessages(screen).find((one) => one.ts === ts && !findButton(one.blocks, 'Replace key')),
  )

async function closeAll() {
  for (let top = topModal(await manager().screen()); top; top = topModal(await manager().screen()))
    await manager().close(top.id)
}

test('an old Replace key never ends the key that was saved since, and says which key it is for', async () => {
  const first = await makeAndKeepOpen('Twice')
  await manager().close(first.shown.id)
  const asked = await received(manager(), 'Did you copy Twice')
  await press(manager(), asked, 'Replace key')
  const second = await nextToken(first.token)
  expect(said(second.view.blocks)).toContain(`It replaces ${hintOf(first.token)}`)
  await save(second.view)
  for (const old of [await asItWas(first.message), await asItWas(asked)]) {
    await press(manager(), old, 'Replace key')
    const refused = await dialogWith(manager(), 'Copy your key', 'This button is for')
    expect(said(refused.blocks)).toMatch(
      new RegExp(`${hintOf(first.token)}, which was replaced .* Twice is ${hintOf(second.token)} now`),
    )
    await closeAll()
  }
  expect(await callPlatform(house, second.token)).toBe(200)
  expect(await recorded(house, 'key.replaced', 'Twice')).toHaveLength(1)
})

test('once a key is replaced, no message about its former token offers to replace it', async () => {
  const first = await makeAndKeepOpen('Redrawn')
  await manager().close(first.shown.id)
  const asked = await received(manager(), 'Did you copy Redrawn')
  await press(manager(), asked, 'Replace key')
  await nextToken(first.token)
  for (const message of [first.message, asked])
    expect(said(await withoutReplace(message))).toMatch(
      new RegExp(`${hintOf(first.token)} was replaced .*use the key that took its place`),
    )
  await closeAll()
})

test('who has saved a key is not one click away from losing it: the message loses the button, an old one refuses', async () => {
  const { token, shown, message } = await makeAndKeepOpen('Kept')
  const old = await asItWas(message)
  await save(shown)
  expect(await recorded(house, 'key.saved', 'Kept')).toHaveLength(1)
  expect(said(await withoutReplace(message))).toContain('You saved it')
  await press(manager(), old, 'Replace key')
  const refused = await dialogWith(manager(), 'Copy your key', 'You saved')
  expect(said(refused.blocks)).toContain('Rotate it instead')
  await closeAll()
  const page = await openDialog(manager(), 'show Kept')
  expect(findButton(page.blocks, 'Replace key')).toBeUndefined()
  expect(findButton(page.blocks, 'Rotate')).toBeDefined()
  await closeAll()
  expect(await callPlatform(house, token)).toBe(200)
})

test('a button from before buttons said which key they are for replaces nothing', async () => {
  const { token, shown, message } = await makeAndKeepOpen('From before')
  await manager().close(shown.id)
  const { id, workspace_id } = await keyNamed('From before')
  await press(manager(), await asItWas(message, `${workspace_id}/${id}`), 'Replace key')
  const refused = await dialogWith(manager(), 'Copy your key', 'does not say')
  expect(said(refused.blocks)).toContain('/keys show tml_')
  await closeAll()
  const page = await openDialog(manager(), 'show From before')
  expect(findButton(page.blocks, 'Replace key')).toBeDefined()
  await closeAll()
  expect(await callPlatform(house, token)).toBe(200)
  expect(await recorded(house, 'key.replaced', 'From before')).toEqual([])
})

test('the page of a key replaces the key that it shows, and no other', async () => {
  const first = await makeAndKeepOpen('From its page')
  await manager().close(first.shown.id)
  const page = await openDialog(manager(), 'show From its page')
  const old = await asItWas({ channel: first.message.channel, blocks: page.blocks })
  await pressIn(manager(), page, 'Replace key')
  const second = await nextToken(first.token)
  await expect.poll(() => callPlatform(house, first.token)).toBe(401)
  await closeAll()
  await press(manager(), old, 'Replace key')
  await dialogWith(manager(), 'Copy your key', 'This button is for')
  await closeAll()
  expect((await keyNamed('From its page')).hint).toBe(hintOf(second.token))
})

test('of two who replace a key at once one does, and the other is told which key took its place', async () => {
  const first = await makeAndKeepOpen('At once')
  await manager().close(first.shown.id)
  const { id: keyId, workspace_id: workspaceId } = await keyNamed('At once')
  const actor = { kind: 'member', id: people.manager, role: 'manager', workspaceId } as const
  const deps = { random: house.world.random, tokenPrefix: 'tml_' }
  const former = { keyId, hint: hintOf(first.token) }
  const done = await Promise.all(
    [1, 2, 3].map(() => perform(house.world, actor, (act) => replace(act, workspaceId, former, deps))),
  )
  const made = done.flatMap((one) => (isRefusal(one) ? [] : [one]))
  expect(made).toHaveLength(1)
  const now = await keyNamed('At once')
  expect(now.hint).toBe(made[0]!.key.hint)
  for (const refusal of done.filter(isRefusal))
    expect(plain(refusal.message)).toMatch(
      new RegExp(`for ${former.hint}, which was replaced on .* At once is ${now.hint} now`),
    )
  expect(await recorded(house, 'key.replaced', 'At once')).toHaveLength(1)
})

test('somebody else than who was shown a key cannot say that it is saved', async () => {
  const { token, shown } = await makeAndKeepOpen('Not theirs to say')
  await manager().close(shown.id)
  const { id: keyId, workspace_id: workspaceId } = await keyNamed('Not theirs to say')
  const other = { kind: 'member', id: people.otherManager, role: 'manager', workspaceId } as const
  const said = await perform(house.world, other, (act) =>
    markSaved(act, workspaceId, { keyId, hint: hintOf(token) }),
  )
  expect(said).toMatchObject({ refused: true, code: 'forbidden' })
  expect(await keyNamed('Not theirs to say')).toMatchObject({ saved_at: null })
})

test('saying of a key that was replaced meanwhile that it is saved is answered with the truth', async () => {
  const first = await makeAndKeepOpen('In two windows')
  const window = await asItWas({ channel: first.message.channel, blocks: first.shown.blocks })
  await manager().close(first.shown.id)
  await press(manager(), first.message, 'Replace key')
  const second = await nextToken(first.token)
  await closeAll()
  await press(manager(), window, 'I have saved it')
  await manager().waitFor((screen) => JSON.stringify(screen).includes('This button is for'))
  expect(JSON.stringify(await manager().screen())).not.toContain('is ready')
  expect(await recorded(house, 'key.saved', 'In two windows')).toEqual([])
  expect(await callPlatform(house, second.token)).toBe(200)
})

test('closing the dialog of a key that was replaced meanwhile asks nothing about the one that took its place', async () => {
  const first = await makeAndKeepOpen('Closed late')
  await press(manager(), first.message, 'Replace key')
  const second = await nextToken(first.token)
  const { id, workspace_id } = await keyNamed('Closed late')
  const sender = { id: people.manager, team: house.slack.teamId }
  await wire.close(sender, 'key.shown', `${workspace_id}/${id} ${hintOf(first.token)}`)
  // Everything that a close leads to was begun before this answer.
  await wire.command(sender, 'help')
  await manager().close(second.view.id)
  const asked = await received(manager(), 'Did you copy Closed late')
  expect(said(asked)).toContain(hintOf(second.token))
  const all = directMessages(await manager().screen()).map(said)
  expect(all.filter((one) => one.includes('Did you copy Closed late'))).toHaveLength(1)
})

test('which messages offer to replace a key is forgotten when none of them can do it any more', async () => {
  const { db } = house.world
  await makeAndKeepOpen('Soon too late')
  await closeAll()
  await received(manager(), 'Did you copy Soon too late')
  await expect.poll(async () => (await db('token_messages')).length).toBeGreaterThan(1)
  house.calendar.advance({ days: 1, minutes: 1 })
  await retention({ world: house.world, deliver: async () => {} })
  expect(await db('token_messages')).toEqual([])
})
