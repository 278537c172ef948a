import { controlsIn, optionValue, topModal } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  answerTo,
  choose,
  fillAndCreate,
  house,
  makeKey,
  openDialog,
  people,
  pressIn,
  said,
  submit,
  submitAndSee,
  tokenIn,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, received, recorded, setPolicyOf } from '../setup/seen.ts'

useHouse()

test('every field says what is wrong with it, all at once, and what was typed stays', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const other = await choose(manager, form, 'expires', 'other', { scopes: ['read'] })
  const refused = await submit(manager, other, { name: '\u200b \u2060', scopes: ['read'], days: '0' })
  expect(refused).toMatchObject({
    outcome: 'errors',
    errors: { name: 'Give the key a name.', days: 'Enter a whole number of days from 1 to 3650.' },
  })
  const long = await submit(manager, other, {
    name: 'x'.repeat(81),
    scopes: ['read'],
    days: '1.5',
    description: 'd'.repeat(301),
  })
  expect(long).toMatchObject({
    errors: {
      name: 'Use at most 80 characters.',
      days: 'Enter a whole number of days from 1 to 3650.',
      description: 'Use at most 300 characters.',
    },
  })
  const kept = topModal(await manager.screen())!
  expect(kept.values.name).toEqual({ name: 'x'.repeat(81) })
})

test('a name that reads like an existing one is refused on the field, with the ways on', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Zendesk' })
  const form = await openDialog(manager, 'create ZENDESK')
  expect(form.values.name).toEqual({ name: 'ZENDESK' })
  expect(await submit(manager, form, { scopes: ['read'] })).toMatchObject({
    errors: { name: 'ZENDESK exists. Choose another name or rotate it.' },
  })
})

test('no scope is preset, and none chosen is refused', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  expect(form.values.scopes).toEqual({ 'form.create.scopes': [] })
  expect(await submit(manager, form, { name: 'Scopeless', scopes: [] })).toMatchObject({ outcome: 'errors' })
})

test('write redraws the form with its policy, takes Never away and questions write alone', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const expires = (view: typeof form) => controlsIn(view.blocks).find((one) => one.blockId === 'expires')!
  expect(optionValue(form.blocks, expires(form), 'Never')).toBe('never')
  const never = await choose(manager, form, 'expires', 'never', { name: 'Writer' })
  const write = await choose(manager, never, 'scopes', ['write'])
  const words = said(write.blocks)
  expect(words).toContain('Policy: a key with write must expire.')
  expect(words).toContain('choose read')
  expect(optionValue(write.blocks, expires(write), 'Never')).toBeUndefined()
  expect(write.values.expires).toEqual({ 'form.create.expires': '90' })
  expect(write.values.name).toEqual({ name: 'Writer' })
  const both = await choose(manager, write, 'scopes', ['read', 'write'])
  expect(said(both.blocks)).not.toContain('choose read')
})

test('where policy only warns, a write key may live for ever, and the form says what is advised', async () => {
  await setPolicyOf(house, { mustExpire: 'none' })
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const write = await choose(manager, form, 'scopes', ['read', 'write'], { name: 'Endless' })
  expect(said(write.blocks)).toContain('A key with write should expire')
  const shown = await submitAndSee(manager, write, { expires: 'never' })
  expect(said(shown.blocks)).toContain('It does not expire.')
  await setPolicyOf(house, { mustExpire: 'write' })
})

test('any number of days is an expiry, and the form shows the end of a preset', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  expect(said(form.blocks)).toContain('If revealed today, it stops working on')
  await fillAndCreate(manager, form, { name: 'Short', expires: '45' })
  const [row] = await house.world.db('keys').where({ name: 'Short' })
  expect(row.lifetime_days).toBe(45)
  expect(Math.round((row.expires_at - row.revealed_at) / 3_600_000)).toBe(45 * 24)
})

test('an integration with a live key is asked about: rotate that key, or make another on purpose', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Slack sync', integration: 'Slack' })
  const asked = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'Slack export',
    integration: 'slack',
    scopes: ['read'],
  })
  expect(said(asked.blocks)).toContain('Slack already has a key: Slack sync')
  const redrawn = await choose(manager, asked, 'scopes', ['read', 'analytics'], { another: ['yes'] })
  expect(said(redrawn.blocks)).toContain('Slack already has a key')
  expect(redrawn.values.another).toEqual({ another: ['yes'] })
  const shown = await submitAndSee(manager, redrawn, {})
  expect(shown.title).toBe('Copy your key')

  const again = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'Slack third',
    integration: 'Slack',
    scopes: ['read'],
  })
  await pressIn(manager, again, 'Rotate that key')
  const rotate = await dialogWith(manager, 'Rotate key', 'The new key keeps the name')
  expect(rotate.submit).toBe('Start rotation')
})

test('a key for somebody else is revealed by them alone; its maker never sees it', async () => {
  const manager = house.as('manager')
  const waiting = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'For Dana',
    scopes: ['read'],
    owner: people.member,
  })
  expect(said(waiting.blocks)).toContain(`For Dana waits for ${people.member} to reveal it`)
  expect(JSON.stringify(await manager.screen())).not.toMatch(/tml_[0-9A-Za-z]{38}/)
  const offer = await received(house.as('member'), 'created a key for you: For Dana')
  expect(said(offer)).toMatch(/Reveal it by/)
  expect(said(await answerTo(manager, 'list For Dana'))).toContain('Waiting for reveal')
})

test('a guest, a bot or somebody of another organisation cannot own a key', async () => {
  const manager = house.as('manager')
  for (const owner of [people.guest, people.stranger, house.slack.botUserId]) {
    const typed = { name: 'Astray', scopes: ['read'], owner }
    const kept = await submitAndSee(manager, await openDialog(manager, 'create'), typed)
    expect(said(kept.blocks)).toContain('Owner: Choose a full member of your team.')
    expect(kept.values.name).toEqual({ name: 'Astray' })
  }
})

test('a form submitted twice makes one key, shows it once and leaves one record', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const values = { name: 'Twice', scopes: ['read'] }
  await Promise.allSettled([submit(manager, form, values), submit(manager, form, values)])
  const shown = await dialogWith(manager, 'Copy your key')
  tokenIn(shown.blocks)
  expect(await recorded(house, 'key.issued', 'Twice')).toHaveLength(1)
  expect(await recorded(house, 'key.revealed', 'Twice')).toHaveLength(1)
})

test('a choice whose redraw comes late does not take the key from the dialog', async () => {
  const manager = house.as('manager')
  for (let round = 0; round < 4; round++) {
    const form = await openDialog(manager, `create Late ${round}`)
    const chosen = { scopes: { 'form.create.scopes': ['read'] } }
    const click = {
      at: { view: form.id },
      blockId: 'scopes',
      actionId: 'form.create.scopes',
      value: ['read'],
    }
    await Promise.all([
      manager.click({ ...click, values: chosen }),
      submit(manager, form, { scopes: ['read'] }),
    ])
    const shown = await dialogWith(manager, 'Copy your key')
    await answerTo(manager, 'help')
    expect(topModal(await manager.screen())?.hash).toBe(shown.hash)
    await manager.close(shown.id)
  }
})

test('a whole key pasted into a field is refused there and stored nowhere', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Leaky' })
  const form = await openDialog(manager, 'create')
  expect(
    await submit(manager, form, { name: 'Notes', scopes: ['read'], description: `use ${token}` }),
  ).toMatchObject({
    errors: { description: expect.stringContaining('That is a whole key.') },
  })
  expect(await house.world.db('keys').where('description', 'like', '%tml_%')).toEqual([])
})

test('names full of markup, emoji and right-to-left letters are shown as they are', async () => {
  const manager = house.as('manager')
  const names = ['<!channel> *bold* `x` <https://evil.example|click>', '🔑 مفتاح الدفع', 'a_b%c\\d']
  for (const name of names) {
    await makeKey(manager, { name })
    // Slack escapes what people type.
    const typed = name.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
    const list = await answerTo(manager, `list ${typed}`)
    expect(said(list)).toContain(name)
    expect(list.text).not.toMatch(/<!channel>|<https/)
  }
})

test('a name that folds to something very long is refused on its field', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  expect(await submit(manager, form, { name: '\ufdfa'.repeat(80), scopes: ['read'] })).toMatchObject({
    outcome: 'errors',
    errors: { name: expect.stringContaining('shorter') },
  })
})
