import type { Message } from 'local-slack/contract'
import { controlsIn, findButton, messagesIn, optionValue, textOf } from 'local-slack/inspect'
import { beforeAll, expect, test } from 'vitest'
import { insertManyKeys } from '../../sandbox/many-keys.ts'
import {
  answerTo,
  general,
  house,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { chooseFromMenu, dialogWith, menuOf, received } from '../setup/seen.ts'

let workspaceId: string
useHouse()
beforeAll(async () => {
  workspaceId = (await house.world.db('workspaces').first('id')).id
})

/** Presses a button of a list and waits for what the message becomes. */
async function turned(message: Message, label: string): Promise<Message> {
  const manager = house.as('manager')
  await press(manager, message, label)
  return manager.waitFor((screen) =>
    messagesIn(screen, general).find(
      (one) => one.ts === message.ts && textOf(one.blocks) !== textOf(message.blocks),
    ),
  )
}

const names = (message: Message) =>
  message.blocks.flatMap((block) =>
    block.type === 'section'
      ? [said([{ ...block, accessory: undefined }]).replace(/^\*\u2068?(.*?)\u2069?\*$/, '$1')]
      : [],
  )

test('an empty workspace says so and offers what this person may do about it', async () => {
  const empty = await answerTo(house.as('manager'), 'list')
  expect(said(empty)).toContain('Platform has no keys yet.')
  expect(findButton(empty.blocks, 'Create key')).toBeDefined()
  const member = await answerTo(house.as('member'), 'list')
  expect(findButton(member.blocks, 'Create key')).toBeUndefined()
  expect(findButton(member.blocks, 'Request a key')).toBeDefined()
})

test('three keys: each with its facts, and a menu of what may be done in its state', async () => {
  const manager = house.as('manager')
  for (const name of ['Alpha', 'Beta', 'Gamma'])
    await makeKey(manager, { name, expires: name === 'Gamma' ? 'never' : '30' })
  await submitAndSee(manager, await openDialog(manager, 'deactivate Beta'), {})
  const waiting = await submitAndSee(manager, await openDialog(manager, 'create Delta'), {
    scopes: ['read'],
    owner: people.member,
  })
  await manager.close(waiting.id)
  const list = await answerTo(manager, 'list')
  expect(names(list)).toEqual(['Alpha', 'Beta', 'Delta', 'Gamma'])
  expect(menuOf(list.blocks, 'Alpha')).toEqual(['View usage', 'Edit', 'Deactivate', 'Rotate', 'Revoke'])
  expect(menuOf(list.blocks, 'Beta')).toEqual(['View usage', 'Edit', 'Activate', 'Rotate', 'Revoke'])
  expect(menuOf(list.blocks, 'Delta')).toEqual(['View usage', 'Edit', 'Revoke'])
  const words = said(list)
  expect(words).toMatch(
    /● Active · never used · expires .* · 0 requests in all · <@U0BRUNO002> · created today/,
  )
  expect(words).toContain('◌ Waiting for reveal')
  expect(words).toContain('never expires')
  expect(findButton(list.blocks, /Next|Previous/)).toBeUndefined()
})

test('a member sees the keys they own and nothing to do to them', async () => {
  const list = await answerTo(house.as('member'), 'list')
  expect(names(list)).toEqual(['Delta'])
  expect(menuOf(list.blocks, 'Delta')).toEqual(['View usage'])
})

test('the menu acts on its key, read at the click', async () => {
  const manager = house.as('manager')
  const list = await answerTo(manager, 'list Beta')
  await chooseFromMenu(manager, list, 'Beta', 'Activate')
  await manager.waitFor((screen) =>
    messagesIn(screen, general).find((one) => said(one).includes('Activated Beta.')),
  )
  await chooseFromMenu(manager, list, 'Beta', 'View usage')
  expect(said(await received(manager, /^Beta .*● Active/))).toContain('0 requests')
})

test('words match anywhere in a name; % and _ are letters like any other; nothing found can be cleared', async () => {
  const manager = house.as('manager')
  for (const name of ['100% uptime', 'snake_case', 'snakeXcase']) await makeKey(manager, { name })
  expect(names(await answerTo(manager, 'list %'))).toEqual([])
  expect(names(await answerTo(manager, 'list 100%'))).toEqual(['100% uptime'])
  expect(names(await answerTo(manager, 'list snake_'))).toEqual(['snake_case'])
  expect(names(await answerTo(manager, 'list AKE'))).toEqual(['snake_case', 'snakeXcase'])
  expect(names(await answerTo(manager, 'list up'))).toEqual(['100% uptime'])
  const none = await answerTo(manager, 'list no such thing')
  expect(said(none)).toContain('No keys match.')
  expect(names(await turned(none, 'Clear filter'))).toContain('Alpha')
})

test('search asks for words in a dialog, which becomes the list', async () => {
  const manager = house.as('manager')
  const list = await answerTo(manager, 'list')
  await press(manager, list, 'Search')
  const found = await submitAndSee(manager, await dialogWith(manager, 'Find keys', 'Words'), {
    words: 'snake',
  })
  expect(found.title).toBe('Keys')
  expect(said(found.blocks)).toMatch(/1 ?- ?2 of 2/)
  await pressIn(manager, found, 'Create')
  expect((await dialogWith(manager, 'Create key', 'Name')).submit).toBe('Create key')
})

test('3,000 keys: pages forwards and backwards meet, every key once, and filters change in place', async () => {
  await insertManyKeys(house.world.db, workspaceId, 3000, house.calendar.now(), [
    people.manager,
    people.owner,
  ])
  let page = await answerTo(house.as('manager'), 'list')
  expect(said(page)).toMatch(/1 ?- ?10 of more than 1,000/)
  expect(findButton(page.blocks, 'Previous')).toBeUndefined()
  const forwards = [names(page)]
  for (let turn = 0; turn < 3; turn++) {
    page = await turned(page, 'Next')
    forwards.push(names(page))
  }
  expect(new Set(forwards.flat()).size).toBe(40)
  for (let turn = 2; turn >= 0; turn--) {
    page = await turned(page, 'Previous')
    expect(names(page)).toEqual(forwards[turn])
  }
  expect(said(page)).toMatch(/1 ?- ?10 of more than 1,000/)
  const at = { message: { channel: page.channel, ts: page.ts } }
  for (const title of ['Paused keys', 'Keys that expire within 30 days', 'Your keys']) {
    const filter = controlsIn(page.blocks).find((one) => one.actionId === 'list.turn.filter')!
    await house.as('manager').click({ at, ...filter, value: optionValue(page.blocks, filter, title)! })
    page = await house
      .as('manager')
      .waitFor((screen) =>
        messagesIn(screen, general).find((one) => one.ts === page.ts && said(one).startsWith(title)),
      )
  }
})

test('a search looks in the description, the integration, three letters of a hint and scopes, and filters narrow it', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Ledger', integration: 'Snowflake', description: 'Nightly invoicing' })
  const [row] = await house.world.db('keys').where({ name: 'Ledger' })
  for (const words of ['snowflake', 'INVOICING', row.hint.slice(4, 7), `active <@${people.manager}> ledger`])
    expect(names(await answerTo(manager, `list ${words}`)), words).toContain('Ledger')
  expect(names(await answerTo(manager, `list <@${people.owner}> ledger`))).toEqual([])
  expect(names(await answerTo(manager, 'list revoked ledger'))).toEqual([])
  expect(names(await answerTo(manager, 'list all'))).toContain('Alpha')
})

test('a verb that there is not gets the nearest one or a search, and never acts', async () => {
  const manager = house.as('manager')
  const near = await answerTo(manager, 'revok Ledger')
  expect(said(near)).toContain('There is no command /keys revok. Did you mean:')
  expect(findButton(near.blocks, 'Revoke Ledger')).toBeDefined()
  expect(findButton((await answerTo(manager, 'pause')).blocks, 'Deactivate')).toBeDefined()
  expect(names(await answerTo(manager, 'Nightly invoicing'))).toEqual(['Ledger'])
  expect(await house.world.db('keys').where({ name: 'Ledger', status: 'active' })).toHaveLength(1)
})

test('a name is bold, also with an emoji in it; one that markup could change stands as it is', async () => {
  const manager = house.as('manager')
  const row = async (name: string) =>
    (await answerTo(manager, `list ${name}`)).blocks.find(({ type }) => type === 'section')
  await makeKey(manager, { name: 'Café ☕ 日本' })
  expect(await row('Café')).toMatchObject({ text: { type: 'mrkdwn', text: '*\u2068Café ☕ 日本\u2069*' } })
  expect(await row('100%')).toMatchObject({ text: { type: 'mrkdwn', text: '*\u2068100% uptime\u2069*' } })
  expect(await row('snake_')).toMatchObject({ text: { type: 'plain_text', text: '\u2068snake_case\u2069' } })
})
