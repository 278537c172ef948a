import { findButton } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  answerTo,
  callPlatform,
  choose,
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
import { dialogWith, pick, received, recorded, setPolicyOf } from '../setup/seen.ts'

useHouse()

test('plainly: a successor with the same scopes and days, revealed from the dialog, and the old key is revoked by hand', async () => {
  const manager = house.as('manager')
  const old = await makeKey(manager, { name: 'Payments', scopes: ['read', 'write'], expires: '30' })
  const started = await submitAndSee(manager, await openDialog(manager, 'rotate Payments'), {})
  expect(started.title).toBe('Rotation started')
  await pressIn(manager, started, 'Reveal key')
  const shown = await dialogWith(manager, 'Copy your key', 'Shown once')
  const fresh = tokenIn(shown.blocks)
  expect(said(shown.blocks)).toContain('read, write')
  expect(await callPlatform(house, old)).toBe(200)
  expect(await callPlatform(house, fresh)).toBe(200)
  await pressIn(manager, shown, 'I have saved it')

  const list = said(await answerTo(manager, 'list Payments'))
  expect(list).toMatch(/Payments \(old\)/)
  const which = await openDialog(manager, 'revoke Payments')
  expect(said(which.blocks)).toContain('Several keys match. Which one?')
  await pick(manager, which, `Payments ${old.slice(0, 8)}... (old)`)
  const end = await dialogWith(manager, 'Revoke key', 'cannot be undone')
  await submitAndSee(manager, end, { confirm: old.slice(4, 8) })
  expect(await callPlatform(house, old)).toBe(401)
  expect(await callPlatform(house, fresh)).toBe(200)
  expect(said(await openDialog(manager, 'show Payments').then((view) => view.blocks))).toContain(
    fresh.slice(0, 8),
  )
})

test('with changes: scopes and days are chosen, policy speaks, and errors stand on their fields', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Grower', expires: '45' })
  const form = await openDialog(manager, 'rotate Grower')
  expect(said(form.blocks)).toMatch(/New key: Grower, same scopes \( ?read ?\), 45 days from its reveal\./)
  const why = await choose(manager, form, 'reason', 'scope-change')
  await pressIn(manager, why, 'Change expiry')
  const open = await dialogWith(manager, 'Rotate key', 'whole number')
  expect(open.values).toMatchObject({
    expires: { 'form.rotate.expires': 'other' },
    days: { 'form.rotate.days': '45' },
    scopes: { 'form.rotate.scopes': ['read'] },
  })
  const write = await choose(manager, open, 'scopes', ['write'])
  expect(said(write.blocks)).toContain('Policy: a key with write must expire.')
  expect(said(write.blocks)).toContain('New key: Grower, write is added; read goes, the expiry below.')
  expect(await submit(manager, write, { days: '3651' })).toMatchObject({
    errors: { days: 'Enter a whole number of days from 1 to 3650.' },
  })
  await submitAndSee(manager, write, { days: '60' })
  const [successor] = await house.world.db('keys').where({ name: 'Grower', status: 'unrevealed' })
  expect(successor).toMatchObject({ scopes: ['write'], lifetime_days: 60 })
})

test('a running rotation is not started twice: not by a second dialog, nor a second click', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Once' })
  const [mine, theirs] = [
    await openDialog(manager, 'rotate Once'),
    await openDialog(house.as('owner'), 'rotate Once'),
  ]
  await Promise.allSettled([
    submit(manager, mine, {}),
    submit(manager, mine, {}),
    submit(house.as('owner'), theirs, {}),
  ])
  const ends = await Promise.all(
    [manager, house.as('owner')].map((who) =>
      who.waitFor((screen) => {
        const words = said(screen.modals.at(-1)?.blocks ?? [])
        // The first of them has started it; the key's owner reveals the new key.
        return /is ready to reveal|has to reveal|is running/.test(words) && words
      }),
    ),
  )
  expect(ends.filter((words) => words.includes('A rotation of Once is running.'))).toHaveLength(1)
  expect(await recorded(house, 'key.rotated', 'Once')).toHaveLength(1)
  expect(await house.world.db('keys').where({ name: 'Once' })).toHaveLength(2)
})

test('revoking the successor gives the name back, and the old key can be rotated again', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Undone' })
  await submitAndSee(manager, await openDialog(manager, 'rotate Undone'), {})
  const [successor] = await house.world.db('keys').where({ name: 'Undone', status: 'unrevealed' })
  await submitAndSee(manager, await openDialog(manager, `revoke ${successor.id}`), { confirm: 'Undone' })
  expect(said(await answerTo(manager, 'list Undone'))).not.toContain('(old)')
  // The rotation that has lost its new key ends right after the revoke, not within it.
  const ended = () => house.world.db('rotations').where({ successor_id: successor.id }).first('ended_at')
  await expect.poll(async () => (await ended()).ended_at).not.toBeNull()
  expect((await submitAndSee(manager, await openDialog(manager, 'rotate Undone'), {})).title).toBe(
    'Rotation started',
  )
})

test('a key of somebody else is rotated by a manager and revealed by its owner', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Emres' })
  await submitAndSee(manager, await openDialog(manager, 'edit Emres'), { owner: people.otherMember })
  const started = await submitAndSee(manager, await openDialog(manager, 'rotate Emres'), {})
  expect(findButton(started.blocks, 'Reveal key')).toBeUndefined()
  expect(said(await received(house.as('otherMember'), 'started a rotation of Emres'))).toContain(
    'the old one works until the rotation is finished',
  )
})

test('the successor of a key without an end gets the longest life that policy allows today', async () => {
  await setPolicyOf(house, { mustExpire: 'none' })
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Endless', scopes: ['write'], expires: 'never' })
  await setPolicyOf(house, { mustExpire: 'write', maximumLifetimeDays: 60 })
  const form = await openDialog(manager, 'rotate Endless')
  expect(said(form.blocks)).toContain('60 days from its reveal, the longest that policy allows')
  await submitAndSee(manager, form, {})
  const [successor] = await house.world.db('keys').where({ name: 'Endless', status: 'unrevealed' })
  expect(successor.lifetime_days).toBe(60)
  await setPolicyOf(house, { maximumLifetimeDays: 0 })
})

test('where write needs a second person, a rotation does not add it', async () => {
  await setPolicyOf(house, { writeNeedsApproval: true })
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Reader' })
  const form = await openDialog(manager, 'rotate Reader')
  const open = await choose(manager, form, 'reason', 'scope-change')
  const write = await choose(manager, open, 'scopes', ['read', 'write'])
  expect(await submit(manager, write, {})).toMatchObject({
    errors: { scopes: expect.stringContaining('second manager or owner') },
  })
  await setPolicyOf(house, { writeNeedsApproval: false })
})

test('a key that waits to be revealed, or is revoked, is not rotated', async () => {
  const manager = house.as('manager')
  const waiting = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'New',
    scopes: ['read'],
    owner: people.member,
  })
  await manager.close(waiting.id)
  expect(said((await openDialog(manager, 'rotate New')).blocks)).toContain('still waits for')
  await submitAndSee(manager, await openDialog(manager, 'revoke New'), { confirm: 'New' })
  expect(said((await openDialog(manager, 'rotate New')).blocks)).toMatch(/revoked New on/)
})
