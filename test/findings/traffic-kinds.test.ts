import type { Message } from 'local-slack/contract'
import { messagesIn, textOf } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  counted,
  house,
  makeKey,
  openDialog,
  said,
  security,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { setPolicyOf } from '../setup/seen.ts'

useHouse()

let asked = 0
/** Asks as the platform does, from a client's address and with its user agent, until it is counted. */
async function present(token: string, ip: string, userAgent: string): Promise<string> {
  const response = await fetch(`${house.keywarden.url}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house.serviceToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key: token, scope: 'read', ip, userAgent }),
  })
  asked++
  return ((await response.json()) as { code: string }).code
}

/** Everything that was asked is in the database, by source too, and the timetable has run. */
async function looked(): Promise<void> {
  await counted(house, asked)
  const { db } = house.world
  await expect
    .poll(async () => Number((await db('usage_sources').sum({ n: 'requests' }))[0]!.n), { timeout: 40_000 })
    .toBe(asked)
  await house.keywarden.runTimetable()
}

const alertAbout = (words: RegExp): Promise<Message> =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find((message) => !message.threadTs && words.test(said(message))),
    )

const open = async (kind: string) =>
  (await house.world.db('findings').where({ kind }).whereNull('resolved_at').select('key_id')).length

async function revoke(name: string): Promise<void> {
  const manager = house.as('manager')
  const done = await submitAndSee(manager, await openDialog(manager, `revoke ${name}`), { confirm: name })
  await manager.waitFor((screen) => /confirmed in/.test(textOf(screen.modals.at(-1)?.blocks ?? [])) && done)
  await manager.close(done.id)
}

test('a revoked key that is presented within ten minutes says nothing; one that still is later is alerted, with who and how often', async () => {
  const token = await makeKey(house.as('manager'), { name: 'Leftover' })
  expect(await present(token, '203.0.113.7', 'python-requests/2.31')).toBe('VALID')
  await revoke('Leftover')
  expect(await present(token, '203.0.113.7', 'python-requests/2.31')).toBe('REVOKED')
  await looked()
  expect(await open('dead-key-in-use')).toBe(0)
  house.calendar.advance({ days: 0, minutes: 45 })
  for (let n = 0; n < 3; n++) await present(token, '203.0.113.7', 'python-requests/2.31')
  await present(token, '198.51.100.9', 'curl/8.5')
  await looked()
  const alert = await alertAbout(/Leftover was revoked by .* and is still presented/)
  expect(said(alert)).toMatch(/[45] refused requests in the day before/)
  expect(said(alert)).toMatch(/from 203\.0\.113\.0\/24, 198\.51\.100\.0\/24 by python-requests, curl/)
  expect(said(alert)).toContain('View usage')
  expect(said(alert)).not.toContain('Rotate')
  expect(said(alert)).not.toContain('Deactivate')
})

test('it stays one alert while it goes on, and is resolved when the key has been silent for a day', async () => {
  await house.keywarden.runTimetable()
  expect(await open('dead-key-in-use')).toBe(1)
  house.calendar.advance({ days: 0, minutes: 23 * 60 })
  await house.keywarden.runTimetable()
  expect(await open('dead-key-in-use')).toBe(1)
  house.calendar.advance({ days: 0, minutes: 120 })
  await house.keywarden.runTimetable()
  const resolved = await alertAbout(/Leftover has ended, and was not tried for a day\./)
  expect(resolved.blocks.some((block) => block.type === 'actions')).toBe(false)
})

test('a paused key that is presented is alerted, and activating it resolves that', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Resting' })
  const done = await submitAndSee(manager, await openDialog(manager, 'deactivate Resting'), {})
  await manager.close(done.id)
  house.calendar.advance({ days: 0, minutes: 15 })
  await expect.poll(() => present(token, '203.0.113.7', 'node')).toBe('INACTIVE')
  await looked()
  await alertAbout(/Resting was deactivated by .* and is still presented/)
  await manager.command({ channel: 'C0GENERAL1', text: '/keys activate Resting' })
  await alertAbout(/activated Resting again on/)
})

test('refusals for want of a scope never make a live key look dead', async () => {
  const token = await makeKey(house.as('manager'), { name: 'Reader', scopes: ['analytics'] })
  house.calendar.advance({ days: 0, minutes: 15 })
  expect(await present(token, '203.0.113.7', 'node')).toBe('INSUFFICIENT_SCOPE')
  await looked()
  expect(await open('dead-key-in-use')).toBe(0)
})

const sources = [
  ['203.0.113.7', 'python-requests/2.31'],
  ['198.51.100.9', 'curl/8.5'],
  ['192.0.2.4', 'okhttp/4.12'],
  ['100.24.5.6', 'Go-http-client/2.0'],
] as const

test('a key of four systems within an hour is shared, and of three it is not yet', async () => {
  const token = await makeKey(house.as('manager'), { name: 'Passed around' })
  for (const [ip, userAgent] of sources.slice(0, 3)) await present(token, ip, userAgent)
  await looked()
  expect(await open('shared-key')).toBe(0)
  await present(token, ...sources[3]!)
  await looked()
  const alert = await alertAbout(/Passed around was used by at least 4 systems in the hour from/)
  for (const words of ['python-requests from 203.0.113.0/24', 'curl from 198.51.100.0/24', 'A key each'])
    expect(said(alert)).toContain(words)
})

test('a fleet behind many addresses of one program, refused requests, and both internet protocols are no sharing', async () => {
  const fleet = await makeKey(house.as('manager'), { name: 'Fleet' })
  for (let n = 1; n <= 12; n++) await present(fleet, `203.0.${n}.1`, 'java/21')
  for (let n = 1; n <= 6; n++) await present(fleet, `${n + 50}.1.1.1`, 'java/21')
  await present(fleet, '2001:db8:1::5', 'java/21')
  const refused = await makeKey(house.as('manager'), { name: 'Refused', scopes: ['analytics'] })
  for (const [ip, userAgent] of sources) await present(refused, ip, userAgent)
  await looked()
  expect(await open('shared-key')).toBe(1)
})

test('one program in as many places as no fleet has is alerted as well', async () => {
  await setPolicyOf(house, { sharedKeySystems: 3 })
  const token = await makeKey(house.as('manager'), { name: 'Botnet' })
  for (let n = 1; n <= 15; n++) await present(token, `${n + 20}.9.1.1`, 'python-requests/2.31')
  await looked()
  await alertAbout(/Botnet was used from 15 places in the hour from/)
  await setPolicyOf(house, { sharedKeySystems: 4 })
})

test('a day after the last shared hour the alert is resolved', async () => {
  house.calendar.advance({ days: 1, minutes: 90 })
  await house.keywarden.runTimetable()
  await alertAbout(/Passed around is no longer used by several systems at once\./)
})
