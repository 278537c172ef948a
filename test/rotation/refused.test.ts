import type { Fault } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { beforeAll, expect, test } from 'vitest'
import {
  callPlatform,
  counted,
  house,
  makeKey,
  openDialog,
  people,
  pressIn,
  said,
  security,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { directMessages, received, setPolicyOf } from '../setup/seen.ts'
import { tracker, work } from './trackers.ts'

// No worker: what the bot left undone is done when a test says so.
useHouse({ roles: ['bot', 'verify'] })
beforeAll(async () => {
  await setPolicyOf(house, { silentBeforeFinishHours: 1 })
})

const refuse = (method: string, about: string, how: Partial<Fault>) =>
  fetch(`${house.slack.url}/faults`, {
    method: 'POST',
    body: JSON.stringify({ method, about, times: 1_000, kind: 'error', ...how } satisfies Fault),
  })

const rotate = async (name: string) => {
  const manager = house.as('manager')
  const shown = await submitAndSee(manager, await openDialog(manager, `rotate ${name}`), {})
  await manager.close(shown.id)
}

test('where a plan has neither charts nor tables, a rotation is followed in words, and with blocks again once it has', async () => {
  const manager = house.as('manager')
  house.slack.refuseBlocks(['data_visualization', 'table'])
  const old = await makeKey(manager, { name: 'Salesforce CRM' })
  for (let i = 0; i < 3; i++) expect(await callPlatform(house, old)).toBe(200)
  await counted(house, 3)
  await rotate('Salesforce CRM')
  const begun = await tracker(manager, 'Salesforce CRM', 'replaces')
  expect(begun.blocks).toEqual([])
  expect(begun.text).toContain('Next: <@U0BRUNO002> reveals the new key.')
  expect(begun.text).toMatch(/Requests · Old tml_\S+ · New\nThis hour · 3 · 0\n/)
  expect(begun.text).toMatch(/Still on the old key:\n• `\S+`, `\S+`: 3 requests, last on/)
  expect(begun.text).toMatch(/deadline <!date\^/)
  const way = /Type `(\/keys rotate tml_\S+)` instead\./.exec(begun.text)![1]!
  const opened = await openDialog(manager, way.replace('/keys ', ''))
  expect(opened.title).toBe('Rotation')
  expect(findButton(opened.blocks, 'Reveal new key')).toBeDefined()

  await pressIn(manager, opened, 'Reveal new key')
  await manager.waitFor((screen) => screen.modals.some(({ title }) => title === 'Copy your key'))
  const updated = await tracker(manager, 'Salesforce CRM', 'Nothing has used it yet')
  expect([updated.ts, updated.blocks]).toEqual([begun.ts, []])

  house.slack.refuseBlocks([])
  await work(house)
  house.calendar.advance({ days: 13, minutes: 0 })
  await work(house)
  house.calendar.advance({ days: 2, minutes: 0 })
  await work(house)
  const whole = await tracker(manager, 'Salesforce CRM', 'The deadline was')
  expect(whole.ts).toBe(begun.ts)
  expect(findButton(whole.blocks, 'Finish early')).toBeDefined()
})

test('an offer whose button is refused says in words where the key is revealed', async () => {
  await makeOwned('Offered in words')
  await refuse('chat.postMessage', 'started a rotation of \u2068Offered', {
    error: 'invalid_blocks',
    times: 1,
  })
  await rotate('Offered in words')
  const offer = await received(house.as('member'), 'started a rotation of')
  expect(offer.blocks).toEqual([])
  expect(offer.text).toMatch(/Offered in words.*Reveal the new key when you can save it/)
  expect(offer.text).toContain('Keywarden’s Home')
  await house.as('member').home()
  const home = await house.as('member').waitFor((screen) => screen.home)
  expect(findButton(home.blocks, /Reveal/)).toBeDefined()
})

test('what is refused in words too is given up, and what else there is to say is said', async () => {
  const { db } = house.world
  await makeOwned('Never offered')
  await makeOwned('Offered all the same')
  await refuse('chat.postMessage', 'Never offered. Reveal', { error: 'invalid_blocks' })
  await refuse('chat.postMessage', 'Never offered\u2069. Reveal', { error: 'invalid_blocks' })
  await rotate('Never offered')
  await rotate('Offered all the same')
  await work(house, 3)
  await received(house.as('member'), 'Offered all the same. Reveal the new key')
  const calls = (await (await fetch(`${house.slack.url}/calls?method=chat.postMessage`)).json()) as object[]
  const tried = calls.filter((call) => /Never offered[^"]*\. Reveal/.test(JSON.stringify(call)))
  expect(tried).toHaveLength(2)
  const [offer] = await db('outbox')
    .join('rotations', 'rotations.id', db.raw("split_part(subject_id, ' ', 1)"))
    .join('keys', 'keys.id', 'rotations.predecessor_id')
    .where({ name: 'Never offered', source: 'offer' })
    .select('outcome')
  expect(offer).toEqual({ outcome: 'failed' })
  expect(
    directMessages(await house.as('member').screen())
      .map(said)
      .join(),
  ).not.toContain('Never offered.')
})

test.each<[string, Partial<Fault>]>([
  ['fails', { kind: 'server_error' }],
  ['breaks off', { kind: 'drop_before' }],
  ['asks to wait', { kind: 'ratelimited', retryAfterSeconds: 1 }],
  ['refuses the app', { error: 'token_revoked' }],
])('however long Slack %s, the owner of a new key hears of it once it answers', async (how, fault) => {
  const name = `Through ${how}`
  await makeOwned(name)
  await refuse('chat.postMessage', name, { times: 20, ...fault })
  await rotate(name)
  // The bot tries too, so that a round may find nothing to try.
  const waiting = async () => {
    await work(house)
    return (await house.world.db('outbox').where({ mode: 'live' }).whereNull('completed_at')).length
  }
  await expect.poll(waiting, { timeout: 40_000 }).toBe(0)
  await received(house.as('member'), `${name}. Reveal the new key`)
  await tracker(house.as('manager'), name, 'replaces')
})

/** A key of the member's, who then hears of its rotation. */
async function makeOwned(name: string): Promise<void> {
  const manager = house.as('manager')
  await makeKey(manager, { name })
  await house.world.db('keys').where({ name }).update({ owner_id: people.member })
}

test('while its channel is archived a rotation goes on, and its one message comes once the channel is back', async () => {
  const manager = house.as('manager')
  const old = await makeKey(manager, { name: 'Out of reach' })
  await house.slack.archiveChannel(security)
  await rotate('Out of reach')
  await work(house, 10)
  const opened = await openDialog(manager, 'rotate Out of reach')
  await pressIn(manager, opened, 'Reveal new key')
  await manager.waitFor((screen) => screen.modals.some(({ title }) => title === 'Copy your key'))
  expect(await callPlatform(house, old)).toBe(200)

  await house.slack.archiveChannel(security, false)
  await work(house, 2)
  await tracker(manager, 'Out of reach', 'replaces')
  const about = messagesIn(await manager.screen(), security).filter(
    (message) => !message.threadTs && said(message).includes('Out of reach'),
  )
  expect(about).toHaveLength(1)
})
