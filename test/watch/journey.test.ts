import type { Message } from 'local-slack/contract'
import { messagesIn, optionValue, topModal } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { expect, test } from 'vitest'
import { readProgress } from '../../src/anomaly/progress.ts'
import {
  callPlatform, house, makeKey, openDialog, people, press, pressIn, said, security, submitAndSee, useHouse,
} from '../setup/house.ts' // biome-ignore format: a list
import { plant } from '../setup/plant.ts'
import { oldCopy, received, recorded, setPolicyOf } from '../setup/seen.ts'
import { office, plantSource, plantTraffic } from './traffic.ts'

const dayMs = 86_400_000
const bucketMs = 300_000

useHouse()

const floored = (at: Date) => new Date(Math.floor(at.getTime() / bucketMs) * bucketMs)
const keyId = async (name: string): Promise<string> =>
  (await house.world.db('keys').where({ name }).first('id')).id
const workspaceId = async (): Promise<string> => (await house.world.db('workspaces').first('id')).id

/** Five minutes of the calendar in which these keys do that, and the timetable after them. */
async function pass(does: Record<string, number>): Promise<Date> {
  const { calendar, world } = house
  const from = floored(calendar.now())
  const until = new Date(from.getTime() + bucketMs)
  calendar.advance({ days: 0, minutes: (until.getTime() + 62_000 - calendar.now().getTime()) / 60_000 })
  for (const [name, requests] of Object.entries(does))
    await plantTraffic(world.db, await keyId(name), from, until, () => requests)
  // The verifier reports every ten seconds of real time; the calendar has jumped ahead of it. Its next report may still
  // carry the time from before, and the job then waits for it.
  do {
    await world.db('usage_counters').update({ through: calendar.now() })
    await house.keywarden.runTimetable()
  } while ((await readProgress(world.db))!.through < until)
  return from
}

/** A month of office hours until now. */
async function furnish(name: string, peak = 60): Promise<void> {
  const until = floored(house.calendar.now())
  const from = new Date(until.getTime() - 30 * dayMs)
  await plantTraffic(house.world.db, await keyId(name), from, until, (minute, _at, poisson) =>
    poisson(office(peak)(minute)),
  )
}

const alertAbout = (who: PersonClient, name: string, words: string): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => !message.threadTs && said(message).includes(name) && said(message).includes(words),
    ),
  )
const dialogOf = (who: PersonClient) =>
  who.waitFor((screen) => (topModal(screen)?.submit ? topModal(screen) : undefined))
/** An entry of the alert's menu. */
async function pressMore(who: PersonClient, alert: Message, label: string): Promise<void> {
  const menu = alert.blocks
    .filter((block) => block.type === 'actions')
    .flatMap((block) => block.elements.map((element) => ({ blockId: block.block_id!, element })))
    .find(({ element }) => element.type === 'overflow')!
  const place = { blockId: menu.blockId, actionId: (menu.element as { action_id: string }).action_id }
  const value = optionValue(alert.blocks, place, label)!
  await who.click({ at: { message: { channel: alert.channel, ts: alert.ts } }, ...place, value })
}
const topOf = async (who: PersonClient) => topModal(await who.screen())
const imageOf = (message: Message) => message.blocks.find((block) => block.type === 'image')

test('a leak is alerted with numbers and a picture, quarantined with one click and resumed with one more', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Salesforce CRM' })
  await furnish('Salesforce CRM')
  await pass({ 'Salesforce CRM': 60 })
  await pass({ 'Salesforce CRM': 4_000 })
  const alert = await alertAbout(manager, 'Salesforce CRM', 'in five minutes')
  expect(said(alert)).toMatch(/4,000 requests in five minutes, \d+ × its busiest five minutes in \d+ days\./)
  expect(imageOf(alert)).toMatchObject({ alt_text: expect.stringContaining('Requests per hour of tml_') })
  expect(await callPlatform(house, token)).toBe(200)
  await press(manager, alert, 'Quarantine key')
  const held = await alertAbout(manager, 'Salesforce CRM', 'is in quarantine: ')
  expect(held.ts).toBe(alert.ts)
  expect(said(held)).toContain(people.manager)
  await expect.poll(() => callPlatform(house, token)).toBe(401)
  await press(manager, held, 'Activate')
  const resolved = await alertAbout(manager, 'Salesforce CRM', 'activated Salesforce CRM again on')
  expect(resolved.blocks.some((block) => block.type === 'actions')).toBe(false)
  await expect.poll(() => callPlatform(house, token)).toBe(200)
  const [stopped] = await recorded(house, 'key.deactivated', 'Salesforce CRM')
  expect(stopped).toMatchObject({ actor: people.manager, details: { reason: 'unusual use' } })
})

test('when a leak grows, its alert shows a new picture with the new figures, and the same one while they stay', async () => {
  const manager = house.as('manager')
  await plant(house.world, await workspaceId(), [{ name: 'Growing leak', ownerId: people.manager }])
  await furnish('Growing leak')
  await pass({ 'Growing leak': 60 })
  await pass({ 'Growing leak': 2_000 })
  const alert = await alertAbout(manager, 'Growing leak', '2,000 requests in five minutes')
  const from = await pass({ 'Growing leak': 90_000 })
  const facts = { at: new Date(from.getTime() + bucketMs).toISOString(), severity: 'critical' }
  await house.world
    .db('anomaly_episodes')
    .where({ key_id: await keyId('Growing leak') })
    .update({
      level: 1,
      severity: 'critical',
      facts: house.world.db.raw('facts || ?', [JSON.stringify(facts)]),
    })
  await house.keywarden.runTimetable()
  const grown = await alertAbout(manager, 'Growing leak', 'Critical')
  expect(grown.ts).toBe(alert.ts)
  const [before, after] = [imageOf(alert), imageOf(grown)] as {
    slack_file: { id: string }
    alt_text: string
  }[]
  expect(after!.alt_text).toMatch(/the last hour had 9\d,\d{3} requests/)
  expect(after!.slack_file.id).not.toBe(before!.slack_file.id)
  await pressMore(manager, grown, "I'm on it")
  const taken = await alertAbout(manager, 'Growing leak', 'has been on it since')
  expect(imageOf(taken)).toMatchObject({ slack_file: after!.slack_file, alt_text: after!.alt_text })
})

test('what looks like a leak can be rotated as compromised from its alert, with the reason filled in', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Leaked for good' })
  await furnish('Leaked for good')
  await pass({ 'Leaked for good': 60 })
  await pass({ 'Leaked for good': 4_000 })
  const alert = await alertAbout(manager, 'Leaked for good', 'in five minutes')
  await pressMore(manager, alert, 'Rotate as compromised')
  const form = await dialogOf(manager)
  expect(form.values).toMatchObject({ reason: { 'form.rotate.reason': 'compromised' } })
  await submitAndSee(manager, form, {})
  await expect.poll(() => callPlatform(house, token)).toBe(401)
  expect(await house.world.db('rotations').where({ reason: 'compromised' }).first()).toBeDefined()
  for (let top = await topOf(manager); top; top = await topOf(manager)) await manager.close(top.id)
})

test('a monthly job that was called expected is listed with the key, is quiet in its hours, and can be taken back', async () => {
  const manager = house.as('manager')
  await plant(house.world, await workspaceId(), [{ name: 'Monthly invoices', ownerId: people.manager }])
  await furnish('Monthly invoices')
  await pass({ 'Monthly invoices': 60 })
  await pass({ 'Monthly invoices': 4_000 })
  await press(manager, await alertAbout(manager, 'Monthly invoices', 'in five minutes'), 'Expected')
  const dialog = await dialogOf(manager)
  const day = house.calendar.now().getUTCDate()
  const wanted = { expected: 'monthly', day: String(day), from: '00:00', until: '23:55' }
  await submitAndSee(manager, dialog, wanted)
  await manager.close((await manager.waitFor(topModal)).id)
  await alertAbout(manager, 'Monthly invoices', `marked the use of Monthly invoices as expected`)
  await pass({ 'Monthly invoices': 400_000 })
  const open = await house.world
    .db('anomaly_episodes')
    .where({ key_id: await keyId('Monthly invoices') })
    .whereNull('over_at')
  expect(open).toEqual([])
  const page = await openPage(manager, 'Monthly invoices')
  expect(said(page.blocks)).toContain(`Expected every month on day ${day}, 00:00 to 23:55`)
  await pressIn(manager, page, 'No longer expected')
  await expect.poll(async () => (await recorded(house, 'use.forgotten')).length).toBe(1)
  expect((await recorded(house, 'use.expected'))[0]).toMatchObject({
    actor: people.manager,
    details: { kind: 'monthly' },
  })
})

test('Quarantine key of an alert that is resolved stops nothing', async () => {
  const manager = house.as('manager')
  await plant(house.world, await workspaceId(), [{ name: 'Settled', ownerId: people.manager }])
  await furnish('Settled')
  await pass({ Settled: 60 })
  await pass({ Settled: 4_000 })
  const alert = await alertAbout(manager, 'Settled', 'in five minutes')
  const old = await oldCopy(house, alert)
  await press(manager, alert, 'Expected')
  await submitAndSee(manager, await dialogOf(manager), { expected: 'once' })
  await manager.close((await manager.waitFor(topModal)).id)
  await alertAbout(manager, 'Settled', 'marked the use of Settled as expected')
  await press(manager, old, 'Quarantine key')
  await manager.waitFor((screen) =>
    messagesIn(screen, security).find((message) => said(message).includes('This is settled already')),
  )
  expect((await house.world.db('keys').where({ name: 'Settled' }).first('status')).status).toBe('active')
})

test('Activate of a quarantine that is over does not end another one', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Stopped twice' })
  await furnish('Stopped twice')
  await pass({ 'Stopped twice': 60 })
  await pass({ 'Stopped twice': 4_000 })
  await press(manager, await alertAbout(manager, 'Stopped twice', 'in five minutes'), 'Quarantine key')
  const held = await alertAbout(manager, 'Stopped twice', 'is in quarantine: ')
  const old = await oldCopy(house, held)
  await press(manager, held, 'Activate')
  await alertAbout(manager, 'Stopped twice', 'activated Stopped twice again')
  house.calendar.advance({ days: 0, minutes: 1 })
  const form = await openDialog(house.as('owner'), 'deactivate Stopped twice')
  await submitAndSee(house.as('owner'), form, {})
  await press(manager, old, 'Activate')
  await manager.waitFor((screen) =>
    messagesIn(screen, security).find((message) =>
      said(message).includes(`${people.owner} deactivated Stopped twice again`),
    ),
  )
  expect(await callPlatform(house, token)).toBe(401)
})

const openPage = async (who: PersonClient, name: string) => {
  await who.command({ channel: security, text: `/keys show ${name}` })
  return who.waitFor((screen) => {
    const top = topModal(screen)
    return top && said(top.blocks).includes(name) && said(top.blocks).includes('Scopes:') ? top : undefined
  })
}

/** The keys of the tests above are used as ever, or they would fall silent too. */
const others = {
  'Salesforce CRM': 60,
  'Growing leak': 60,
  'Monthly invoices': 60,
  Settled: 60,
  'Stopped twice': 60,
}

test('what most keys do at once is one message, and none of them is alerted alone', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `Fleet ${i + 1}`)
  await plant(
    house.world,
    await workspaceId(),
    names.map((name) => ({ name, ownerId: people.manager })),
  )
  const { db } = house.world
  const until = floored(house.calendar.now())
  const from = new Date(until.getTime() - 20 * dayMs)
  for (const name of names)
    await plantTraffic(db, await keyId(name), from, until, (_minute, _at, poisson) => poisson(80))
  await pass({ ...others, ...Object.fromEntries(names.map((name) => [name, 80])) })
  for (let i = 0; i < 8; i++) await pass(others)
  const manager = house.as('manager')
  const event = await alertAbout(manager, 'Fleet', 'fell silent at about the same time')
  expect(said(event)).toMatch(/1[2-9] of 1[2-9] active keys fell silent/)
  const alone = await db('findings')
    .where({ kind: 'unusual-use' })
    .whereIn('key_id', db('keys').where('name', 'like', 'Fleet %').select('id'))
  expect(alone).toEqual([])
  await pass({ ...others, ...Object.fromEntries(names.map((name) => [name, 80])) })
  await alertAbout(manager, 'Fleet', 'It ended on')
})

test('where policy says so a key that looks leaked is quarantined by itself, and its owner is notified', async () => {
  await setPolicyOf(house, { quarantineLeaked: true })
  await plant(house.world, await workspaceId(), [{ name: 'Leaked alone', ownerId: people.member }])
  await furnish('Leaked alone')
  await pass({ ...others, 'Leaked alone': 60 })
  const at = await pass({ ...others, 'Leaked alone': 90_000 })
  const manager = house.as('manager')
  const held = await alertAbout(manager, 'Leaked alone', 'is in quarantine: Keywarden deactivated it')
  expect(imageOf(held)).toBeDefined()
  await received(house.as('member'), 'I deactivated your key Leaked alone')
  expect(await recorded(house, 'key.deactivated', 'Leaked alone')).toMatchObject([
    { actor: 'unusual-use', details: { reason: 'its use looked like a leak' } },
  ])
  await press(manager, held, 'Activate')
  await alertAbout(manager, 'Leaked alone', 'activated Leaked alone again')
  await plantSource(
    house.world.db,
    await keyId('Leaked alone'),
    new Date(Math.floor(at.getTime() / 3_600_000) * 3_600_000),
    { network: '203.0.113.0/24', requests: 10 },
  )
  await setPolicyOf(house, { quarantineLeaked: false })
})

test('a member learns nothing from the buttons that only managers may press', async () => {
  await plant(house.world, await workspaceId(), [{ name: 'Not theirs', ownerId: people.manager }])
  await furnish('Not theirs')
  await pass({ ...others, 'Not theirs': 60 })
  await pass({ ...others, 'Not theirs': 4_000 })
  await house.slack.addToChannel(security, people.otherMember)
  const member = house.as('otherMember')
  await press(member, await alertAbout(member, 'Not theirs', 'in five minutes'), 'Quarantine key')
  await member.waitFor((screen) =>
    messagesIn(screen, security).find((message) =>
      said(message).includes('Only managers and owners deactivate keys.'),
    ),
  )
  expect((await house.world.db('keys').where({ name: 'Not theirs' }).first('status')).status).toBe('active')
})
