import { findButton, topModal } from 'local-slack/inspect'
import { expect, test, vi } from 'vitest'
import {
  answerTo,
  callPlatform,
  counted,
  fillAndCreate,
  house,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  submitAndSee,
  tokenIn,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, directMessages, oldCopy, received, recorded } from '../setup/seen.ts'

useHouse()

const wholeToken = /tml_[0-9A-Za-z]{38}/

async function offer(name: string, owner: 'member' | 'otherManager' = 'member') {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const waiting = await submitAndSee(manager, form, { name, scopes: ['read'], owner: people[owner] })
  await manager.close(waiting.id)
  return received(house.as(owner), name)
}

test('the dialog shows the key alone, without an input, and saying so takes it away', async () => {
  const manager = house.as('manager')
  const shown = await fillAndCreate(manager, await openDialog(manager, 'create'), {
    name: 'Seen',
    expires: '30',
  })
  expect(shown.submit).toBeUndefined()
  expect(shown.blocks.some((block) => block.type === 'input')).toBe(false)
  expect(said(shown.blocks)).toMatch(
    /Shown once\. Save it in your secrets manager now\..*Triple-click to select/,
  )
  const token = tokenIn(shown.blocks)
  await pressIn(manager, shown, 'I have saved it')
  const saved = await dialogWith(manager, 'Key created')
  expect(said(saved.blocks)).toContain(`Lists show it as ${token.slice(0, 8)}...`)
  expect(JSON.stringify(await manager.screen())).not.toMatch(wholeToken)
  await manager.close(saved.id)
  expect(
    directMessages(await manager.screen())
      .map(said)
      .join(' '),
  ).not.toContain('Did you copy Seen')
})

test('an offer is revealed by its owner alone, once, however often and fast they click', async () => {
  const message = await offer('Clicked')
  const member = house.as('member')
  const button = findButton(message.blocks, 'Reveal key')!
  expect(button.value).not.toMatch(wholeToken)
  const at = { message: { channel: message.channel, ts: message.ts } }
  await Promise.all([1, 2, 3].map(() => member.click({ at, ...button })))
  const rest = await received(member, 'Clicked: you have revealed the key')
  expect(rest.ts).toBe(message.ts)
  expect(findButton(rest.blocks, 'Reveal key')).toBeUndefined()
  expect(await recorded(house, 'key.revealed', 'Clicked')).toMatchObject([{ actor: people.member }])
  const [row] = await house.world.db('keys').where({ name: 'Clicked' })
  expect(row.revealed_by).toBe(people.member)
})

test('a click after the reveal says when it was revealed, and what to do', async () => {
  const message = await offer('Again')
  const member = house.as('member')
  await press(member, message, 'Reveal key')
  const shown = await dialogWith(member, 'Copy your key', 'Shown once')
  const token = tokenIn(shown.blocks)
  expect(await callPlatform(house, token)).toBe(200)
  await member.close(shown.id)
  const old = await received(member, 'Did you copy Again')
  expect(said(old)).toContain('I cannot show it again.')
  const view = await openDialog(member, 'show Again')
  expect(findButton(view.blocks, 'Reveal key')).toBeUndefined()
})

test('who takes a key over is not said to have revealed it', async () => {
  const message = await offer('Taken over')
  const member = house.as('member')
  const old = await oldCopy(house, message)
  await press(member, message, 'Reveal key')
  await member.close((await dialogWith(member, 'Copy your key', 'Shown once')).id)
  await house.world.db('keys').where({ name: 'Taken over' }).update({ owner_id: people.otherMember })
  const newOwner = house.as('otherMember')
  const copy = await oldCopy(house, { channel: people.otherMember, blocks: old.blocks })
  await press(newOwner, copy, 'Reveal key')
  const refused = await dialogWith(newOwner, 'Copy your key', 'revealed Taken over')
  expect(said(refused.blocks)).toContain(`${people.member} revealed Taken over on`)
})

test('a manager who made a key for somebody cannot reveal it, nor can another member', async () => {
  await offer('Private')
  const [row] = await house.world.db('keys').where({ name: 'Private' })
  const view = await openDialog(house.as('manager'), 'show Private')
  expect(findButton(view.blocks, 'Reveal key')).toBeUndefined()
  expect(row.status).toBe('unrevealed')
  const refused = await openDialog(house.as('otherMember'), 'show Private')
  expect(said(refused.blocks)).toContain('No key is called Private.')
})

test('the owner can reveal from the key’s own dialog too', async () => {
  await offer('Elsewhere')
  const member = house.as('member')
  await pressIn(member, await openDialog(member, 'show Elsewhere'), 'Reveal key')
  tokenIn((await dialogWith(member, 'Copy your key', 'Shown once')).blocks)
})

test('closed without copying: the key is replaced once, the first token is void, and the owner reads so', async () => {
  const manager = house.as('manager')
  const shown = await fillAndCreate(manager, await openDialog(manager, 'create'), { name: 'Closed' })
  const first = tokenIn(shown.blocks)
  await manager.close(shown.id)
  const asked = await received(manager, 'Did you copy Closed')
  await press(manager, asked, 'Replace key')
  const again = await dialogWith(manager, 'Copy your key', 'Shown once')
  const second = tokenIn(again.blocks)
  expect(second).not.toBe(first)
  await expect.poll(() => callPlatform(house, first)).toBe(401)
  expect(await callPlatform(house, second)).toBe(200)
  expect(await recorded(house, 'key.replaced', 'Closed')).toHaveLength(1)
  await manager.close(again.id)
})

test('a key in use is not replaced: somebody has it, and rotating is the way on', async () => {
  const manager = house.as('manager')
  const shown = await fillAndCreate(manager, await openDialog(manager, 'create'), { name: 'InUse' })
  await callPlatform(house, tokenIn(shown.blocks))
  await manager.close(shown.id)
  const asked = await received(manager, 'Did you copy InUse')
  const used = () => house.world.db('key_usage').join('keys', 'keys.id', 'key_id').where({ name: 'InUse' })
  await vi.waitFor(async () => expect(await used()).toHaveLength(1), 40_000)
  await press(manager, asked, 'Replace key')
  const refused = await dialogWith(manager, 'Copy your key', 'is in use')
  expect(said(refused.blocks)).toContain('Rotate it instead')
  await manager.close(refused.id)
})

test('somebody else cannot replace a key, even a manager', async () => {
  const message = await offer('Theirs')
  const member = house.as('member')
  await press(member, message, 'Reveal key')
  await member.close((await dialogWith(member, 'Copy your key', 'Shown once')).id)
  const [row] = await house.world.db('keys').where({ name: 'Theirs' })
  const view = await openDialog(house.as('manager'), `show ${row.id}`)
  expect(findButton(view.blocks, 'Replace key')).toBeUndefined()
  const mine = await openDialog(member, `show ${row.id}`)
  expect(findButton(mine.blocks, 'Replace key')).toBeDefined()
})

test('without evidence that Slack took the view the token is void, and Reveal is offered again', async () => {
  const message = await offer('Unsure')
  const member = house.as('member')
  await fetch(`${house.slack.url}/faults`, {
    method: 'POST',
    body: JSON.stringify({ method: 'views.update', times: 1, kind: 'drop_after' }),
  })
  await press(member, message, 'Reveal key')
  const void_ = await received(member, 'Slack did not confirm that it showed you Unsure')
  await member.waitFor((screen) => /void/.test(said(topModal(screen)?.blocks ?? [])))
  expect(JSON.stringify(await member.screen())).not.toMatch(wholeToken)
  expect((await house.world.db('keys').where({ name: 'Unsure' }))[0]).toMatchObject({
    status: 'unrevealed',
    token_hash: null,
  })
  expect(
    directMessages(await member.screen())
      .map(said)
      .join(' '),
  ).not.toContain('You revealed Unsure')
  await press(member, void_, 'Reveal key')
  expect(
    await callPlatform(house, tokenIn((await dialogWith(member, 'Copy your key', 'Shown once')).blocks)),
  ).toBe(200)
})

test('who reveals again before the first token is confirmed void keeps the second', async () => {
  const message = await offer('Hasty')
  const member = house.as('member')
  await fetch(`${house.slack.url}/faults`, {
    method: 'POST',
    body: JSON.stringify({ method: 'views.update', times: 1, kind: 'drop_after' }),
  })
  // The confirmation has to wait for the lease of this one.
  await house.world.db.raw(`select renew_lease('inc_silent', 'silent', 5000, 0, true)`)
  await press(member, message, 'Reveal key')
  const status = async () => (await house.world.db('keys').where({ name: 'Hasty' }).first()).status
  const voided = async () => expect(await recorded(house, 'key.reveal-voided', 'Hasty')).toHaveLength(1)
  await vi.waitFor(voided, 40_000)
  await pressIn(member, await openDialog(member, 'show Hasty'), 'Reveal key')
  await vi.waitFor(async () => expect(await status()).toBe('active'), 40_000)
  const receipt = () => house.world.db('changes').whereNull('confirmed_at')
  await vi.waitFor(async () => expect(await receipt()).toEqual([]), 40_000)
  const told = await received(member, 'Slack did not confirm that it showed you Hasty')
  expect(said(told)).toContain('I took that key back')
  expect(await status()).toBe('active')
})

test('only a token that Slack did not show, that nobody saved and that nobody used is taken back later', async () => {
  const { world } = house
  const pending = async () => (await world.db('pending_reveals')).length
  const shown = await makeKey(house.as('manager'), { name: 'Shown well' })
  await vi.waitFor(async () => expect(await pending()).toBe(0), 40_000)

  const tokens = new Map<string, string>()
  for (const name of ['Saved', 'Used', 'Paused', 'Lost']) {
    const token = await makeKey(house.as('manager'), { name })
    tokens.set(name, token)
    // As if Slack's answer had not come, the process had ended, and nobody had said that they saved it.
    if (name !== 'Saved') await world.db('keys').where({ name }).update({ saved_at: null })
    await world.db.raw(
      `insert into pending_reveals select id, hint, revealed_by, revealed_at from keys where name = ?`,
      [name],
    )
  }
  expect(await callPlatform(house, tokens.get('Used')!)).toBe(200)
  await counted(house, 1)
  await world.db('keys').where({ name: 'Paused' }).update({ status: 'inactive' })

  house.calendar.advance({ days: 0, minutes: 6 })
  // Nothing is taken back before verifiers have counted until then.
  const voided = (name: string) => async () => {
    await house.keywarden.runTimetable()
    expect(await recorded(house, 'key.reveal-voided', name)).toHaveLength(1)
  }
  await vi.waitFor(voided('Lost'), 40_000)
  await received(house.as('manager'), 'Slack did not confirm that it showed you Lost')
  for (const name of ['Saved', 'Used', 'Paused'])
    expect(await recorded(house, 'key.reveal-voided', name)).toHaveLength(0)
  expect(await callPlatform(house, shown)).toBe(200)
  await vi.waitFor(async () => expect(await callPlatform(house, tokens.get('Lost')!)).toBe(401), 40_000)

  // Who activated it has these minutes too.
  const now = world.clock.now()
  await world.db('keys').where({ name: 'Paused' }).update({ status: 'active', status_changed_at: now })
  await house.keywarden.runTimetable()
  expect(await recorded(house, 'key.reveal-voided', 'Paused')).toHaveLength(0)
  house.calendar.advance({ days: 0, minutes: 6 })
  await vi.waitFor(voided('Paused'), 40_000)
  expect(await pending()).toBe(0)
})

test('an offer nobody takes lapses after seven days, and replacing ends after one', async () => {
  const manager = house.as('manager')
  const shown = await fillAndCreate(manager, await openDialog(manager, 'create'), { name: 'Day old' })
  await manager.close(shown.id)
  const asked = await received(manager, 'Did you copy Day old')
  const late = await oldCopy(house, await offer('Forgotten'))
  house.calendar.advance({ days: 1, minutes: 1 })
  await press(manager, asked, 'Replace key')
  const refused = await dialogWith(manager, 'Copy your key', 'for 24 hours')
  expect(said(refused.blocks)).toContain('Rotate it instead')
  await manager.close(refused.id)

  house.calendar.advance({ days: 6, minutes: 0 })
  await house.keywarden.runTimetable()
  expect(await recorded(house, 'key.lapsed', 'Forgotten')).toHaveLength(1)
  await press(house.as('member'), late, 'Reveal key')
  expect(said((await dialogWith(house.as('member'), 'Copy your key')).blocks)).toMatch(/lapsed/)
  await makeKey(manager, { name: 'Forgotten' })
  expect(said(await answerTo(manager, 'list Forgotten'))).toContain('1 - 1 of 1')
})
