import type { Message } from 'local-slack/contract'
import { findBeside, messagesIn, optionValue, topModal } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { beforeAll, expect, test } from 'vitest'
import { house, people, press, said, security, submitAndSee, useHouse } from '../setup/house.ts'
import { type Planted, plant } from '../setup/plant.ts'
import { setPolicyOf } from '../setup/seen.ts'

let workspaceId: string
useHouse()
beforeAll(async () => {
  workspaceId = (await house.world.db('workspaces').first('id')).id
})

/** Keys that are there now, with everything the timetable says about them. */
async function alertAll(keys: Planted[]): Promise<string[]> {
  const ids = await plant(house.world, workspaceId, keys)
  await house.keywarden.runTimetable()
  return ids
}

const soon = (name: string, ownerId?: string): Planted => ({
  name,
  endsInDays: 7,
  ...(ownerId ? { ownerId } : {}),
})

const alertIn = (who: PersonClient, channel: string, name: string, words: string): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, channel).find(
      (message) => !message.threadTs && said(message).includes(name) && said(message).includes(words),
    ),
  )
const alertAbout = (who: PersonClient, name: string, words = 'stops working') =>
  alertIn(who, security, name, words)

const thread = async (who: PersonClient, alert: Message, words: string) =>
  who.waitFor((screen) =>
    messagesIn(screen, alert.channel).find(
      (message) => message.threadTs === alert.ts && said(message).includes(words),
    ),
  )

const dialogOf = (who: PersonClient) =>
  who.waitFor((screen) => {
    const top = topModal(screen)
    return top?.submit ? top : undefined
  })

test('how urgent it is, the key and the fact come first, then the owner; whoever takes it is named there and in the thread', async () => {
  await alertAll([soon('Billing sync', people.manager)])
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'Billing sync')
  expect(said(alert)).toMatch(
    new RegExp(`^🟠 Warning · Billing sync stops working .*Owner: ${people.manager}`),
  )
  await press(house.as('otherManager'), alert, "I'm on it")
  const taken = await alertAbout(manager, 'Billing sync', `${people.otherManager} has been on it since`)
  expect(taken.ts).toBe(alert.ts)
  await thread(manager, alert, `${people.otherManager} is on it: Billing sync.`)
})

test('a snooze shows its reason, ends with the key at the latest, and Wake ends it sooner', async () => {
  await alertAll([soon('Snoozy')])
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'Snoozy')
  await press(manager, alert, 'Snooze')
  const form = await dialogOf(manager)
  await submitAndSee(manager, form, { days: '30', reason: 'Migration next week' })
  const snoozed = await alertAbout(manager, 'Snoozy', 'Migration next week')
  const row = await house.world
    .db('findings')
    .join('keys', 'keys.id', 'key_id')
    .where({ name: 'Snoozy' })
    .first('snoozed_until', 'expires_at')
  expect(row.snoozed_until).toEqual(row.expires_at)
  await press(manager, snoozed, 'Wake')
  await thread(manager, alert, `${people.manager} ended the snooze of Snoozy.`)
})

test('what gets worse wakes a snoozed alert, and a snooze that is over says so', async () => {
  await alertAll([soon('Restless'), { name: 'Patient', scopes: ['write'] }])
  const manager = house.as('manager')
  for (const [name, words] of [
    ['Restless', 'stops working'],
    ['Patient', 'never expires'],
  ] as const) {
    await press(manager, await alertAbout(manager, name, words), 'Snooze')
    await submitAndSee(manager, await dialogOf(manager), {
      days: name === 'Patient' ? '1' : '7',
      reason: 'Later',
    })
    await alertAbout(manager, name, 'Later')
  }
  house.calendar.advance({ days: 4, minutes: 1 })
  await house.keywarden.runTimetable()
  const woken = await alertAbout(manager, 'Restless')
  expect(said(woken)).not.toContain('Later')
  await thread(manager, await alertAbout(manager, 'Patient', 'never expires'), 'The snooze is over.')
})

async function assign(who: PersonClient, alert: Message, to: string): Promise<void> {
  const menu = alert.blocks
    .filter((block) => block.type === 'actions')
    .flatMap((block) => block.elements.map((element) => ({ blockId: block.block_id!, element })))
    .find(({ element }) => element.type === 'overflow')!
  const place = { blockId: menu.blockId, actionId: (menu.element as { action_id: string }).action_id }
  const value = optionValue(alert.blocks, place, 'Assign')!
  await who.click({ at: { message: { channel: alert.channel, ts: alert.ts } }, ...place, value })
  await submitAndSee(who, await dialogOf(who), { to })
}

test('an alert that is assigned calls the person it was given to', async () => {
  await alertAll([soon('Handover')])
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'Handover')
  await assign(manager, alert, people.otherManager)
  await thread(manager, alert, `${people.manager} assigned Handover to ${people.otherManager}.`)
})

test('an owner who is not in the channel gets a message that stays in step, and asks a manager from it', async () => {
  await alertAll([soon('Danas key', people.member)])
  const dana = house.as('member')
  const dm = house.slack.dmOf(people.member).id
  const direct = await alertIn(dana, dm, 'Danas key', 'stops working')
  expect(said(direct)).not.toContain('Rotate')
  await press(dana, direct, 'Ask a manager')
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'Danas key')
  await thread(manager, alert, `${people.member} asks a manager to act on Danas key.`)
  await press(manager, await alertAbout(manager, 'Danas key'), 'Deactivate')
  await submitAndSee(manager, await dialogOf(manager), {})
  const resolved = await alertIn(dana, dm, 'Danas key', ' deactivated Danas key on')
  expect(resolved.ts).toBe(direct.ts)
  expect(resolved.blocks.some((block) => block.type === 'actions')).toBe(false)
})

test('a member who takes on an alert about a key of another is refused, and the alert stays as it was', async () => {
  await alertAll([soon('Out of reach')])
  const { slack } = house
  await slack.addToChannel(security, people.otherMember)
  const member = house.as('otherMember')
  const alert = await alertAbout(member, 'Out of reach')
  await press(member, alert, "I'm on it")
  await member.waitFor((screen) =>
    messagesIn(screen, security).find((message) => said(message).includes('No such key here.')),
  )
  const now = messagesIn(await member.screen(), security).find((message) => message.ts === alert.ts)!
  expect(said(now)).toBe(said(alert))
})

test('four at once are one message with a menu each and a reply each, which shrinks as they are dealt with', async () => {
  const names = ['One of four', 'Two of four', 'Three of four', 'Four of four']
  await alertAll(names.map((name) => soon(name)))
  const manager = house.as('manager')
  const group = await alertAbout(manager, names[0]!, '4 keys stop working soon or have stopped.')
  for (const name of names) await thread(manager, group, `${name} stops working`)
  const menu = findBeside(group.blocks, 'Two of four')!
  const value = optionValue(group.blocks, menu, 'Deactivate')!
  await manager.click({ at: { message: { channel: group.channel, ts: group.ts } }, ...menu, value })
  await submitAndSee(manager, await dialogOf(manager), {})
  const smaller = await alertAbout(manager, 'One of four', '3 keys stop working soon or have stopped.')
  expect(smaller.ts).toBe(group.ts)
  expect(said(smaller)).toContain(`✅ ${people.manager} deactivated Two of four on`)
  await thread(manager, group, `${people.manager} deactivated Two of four on`)
})

test('a warning a month ahead is one message until its key has ended', async () => {
  const start = house.calendar.now()
  const expiresAt = new Date(start.getTime() + 29 * 86_400_000)
  await alertAll([{ name: 'All alone', expiresAt, lifetimeDays: 90 }])
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'All alone', '🔵 Notice')
  for (const days of [16, 7, 4, 2]) {
    house.calendar.advance({ days, minutes: 0 })
    await house.keywarden.runTimetable()
  }
  const last = await alertAbout(manager, 'All alone', '🔴 Critical')
  expect(last.ts).toBe(alert.ts)
  await thread(manager, alert, '🟠 Warning · All alone stops working')
})

test('several warnings of a day share one message, and a key leaves it by name when a week is left', async () => {
  const start = house.calendar.now()
  const inDays = (days: number) => new Date(start.getTime() + days * 86_400_000)
  await alertAll([
    { name: 'Far away', expiresAt: inDays(29), lifetimeDays: 90 },
    { name: 'Far as well', expiresAt: inDays(13), lifetimeDays: 90 },
  ])
  const manager = house.as('manager')
  const daily = await alertAbout(manager, 'Far as well', '2 keys stop working soon or have stopped.')
  house.calendar.advance({ days: 7, minutes: 0 })
  await house.keywarden.runTimetable()
  const own = await alertAbout(manager, 'Far as well', '🟠 Warning · Far as well stops working on')
  expect(own.ts).not.toBe(daily.ts)
  const left = await alertAbout(manager, 'Far away', 'Far as well: continues in a message of its own.')
  expect(left.ts).toBe(daily.ts)
  expect(said(left)).toContain('🔵 Notice · Far away stops working on')
})

test('an idle key that somebody still needs is quiet again, and says who said so', async () => {
  const longAgo = new Date(house.calendar.now().getTime() - 31 * 86_400_000)
  await alertAll([{ name: 'Disaster plan', revealedAt: longAgo }])
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'Disaster plan', 'no request yet')
  await press(manager, alert, 'Still needed')
  const resolved = await alertAbout(manager, 'Disaster plan', 'as still needed on')
  expect(said(resolved)).toContain(people.manager)
})

test('an alert that eased still calls the person it is given to', async () => {
  await setPolicyOf(house, { idleKeys: 'deactivate' })
  await alertAll([{ name: 'Eased', revealedAt: new Date(house.calendar.now().getTime() - 40 * 86_400_000) }])
  const manager = house.as('manager')
  const alert = await alertAbout(manager, 'Eased', '')
  await setPolicyOf(house, { idleKeys: 'flag' })
  await house.keywarden.runTimetable()
  await thread(manager, alert, 'Eased')
  await assign(manager, await alertAbout(manager, 'Eased', ''), people.otherManager)
  await thread(manager, alert, `${people.manager} assigned Eased to ${people.otherManager}.`)
})

test('on Monday at nine one message says what there is to look at', async () => {
  const { calendar } = house
  const toMonday = (8 - calendar.now().getUTCDay()) % 7 || 7
  const nine = new Date(calendar.now().getTime() + toMonday * 86_400_000)
  nine.setUTCHours(9, 1, 0, 0)
  calendar.advance({ days: 0, minutes: (nine.getTime() - calendar.now().getTime()) / 60_000 })
  await house.keywarden.runTimetable()
  const digest = await alertAbout(house.as('manager'), 'open finding', 'this week')
  expect(said(digest)).toMatch(/\d+ open findings?\. (None|\d+) new, (none|\d+) resolved this week\./)
})
