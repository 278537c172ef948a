import { findButton, topModal } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { acknowledge } from '../../src/leases/changes.ts'
import { renew } from '../../src/leases/renew.ts'
import {
  house,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  submit,
  submitAndSee,
  tokenIn,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, directMessages, received, recorded } from '../setup/seen.ts'

useHouse()

test('name, description and integration change, and the audit says what was before', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Old name' })
  const form = await openDialog(manager, 'edit old NAME')
  expect(said(form.blocks)).toContain('and expiry are fixed')
  const saved = await submitAndSee(manager, form, {
    name: 'New name',
    description: 'Syncs',
    integration: 'HubSpot',
  })
  expect(said(saved.blocks)).toContain('Saved New name.')
  expect((await recorded(house, 'key.edited'))[0]!.details).toEqual({
    changes: { name: ['Old name', 'New name'], description: ['', 'Syncs'], integration: ['', 'HubSpot'] },
  })
})

test('of two owners who edit at once one is saved; the other is told and can open it again', async () => {
  await makeKey(house.as('manager'), { name: 'Contested' })
  const [one, two] = [house.as('owner'), house.as('manager')]
  const [first, second] = await Promise.all([
    openDialog(one, 'edit Contested'),
    openDialog(two, 'edit Contested'),
  ])
  await Promise.all([
    submit(one, first, { description: 'by one' }),
    submit(two, second, { description: 'by two' }),
  ])
  const [a, b] = await Promise.all(
    [one, two].map((who) =>
      who.waitFor(
        (screen) =>
          /Saved|It changed/.test(said(topModal(screen)?.blocks ?? [])) && said(topModal(screen)!.blocks),
      ),
    ),
  )
  expect([a, b].filter((words) => words!.includes('Saved Contested'))).toHaveLength(1)
  expect([a, b].filter((words) => words!.includes('It changed while this was open.'))).toHaveLength(1)
  expect(await recorded(house, 'key.edited', 'Contested')).toHaveLength(1)
  for (const who of [one, two]) await who.close(topModal(await who.screen())!.id)
})

test('an edit that changes nothing leaves no trace, and does not make other dialogs stale', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Still' })
  const other = await openDialog(house.as('owner'), 'edit Still')
  await submitAndSee(manager, await openDialog(manager, 'edit Still'), {})
  expect(await recorded(house, 'key.edited', 'Still')).toEqual([])
  expect(said((await submitAndSee(house.as('owner'), other, { description: 'x' })).blocks)).toContain('Saved')
})

test('a name in use, an empty name and words too long are refused on their fields', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Taken' })
  await makeKey(manager, { name: 'Wanting' })
  const form = await openDialog(manager, 'edit Wanting')
  expect(await submit(manager, form, { name: 'TAKEN' })).toMatchObject({
    errors: { name: expect.stringContaining('TAKEN exists.') },
  })
  expect(
    await submit(manager, form, { name: ' ', description: 'd'.repeat(301), integration: 'i'.repeat(81) }),
  ).toMatchObject({
    errors: {
      name: 'Give the key a name.',
      description: 'Use at most 300 characters.',
      integration: 'Use at most 80 characters.',
    },
  })
  const typed = { name: 'Wanting', description: '', integration: '', owner: people.guest }
  const kept = await submitAndSee(manager, form, typed)
  expect(said(kept.blocks)).toContain('Owner: Choose a full member of your team.')
  expect(await submit(manager, kept, { name: 'WANTING', owner: people.manager })).toMatchObject({
    outcome: 'updated',
  })
})

test('a new owner is told; for a key that nobody revealed, the offer goes to them and leaves the old one', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Handed over' })
  const form = await openDialog(manager, 'edit Handed over')
  await submitAndSee(manager, form, { owner: people.member })
  expect(said(await received(house.as('member'), 'Handed over'))).toContain(
    'made you the owner of Handed over',
  )

  const waiting = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'Unopened',
    scopes: ['read'],
    owner: people.member,
  })
  await manager.close(waiting.id)
  const old = await received(house.as('member'), 'Unopened')
  await submitAndSee(manager, await openDialog(manager, 'edit Unopened'), { owner: people.otherMember })
  const offer = await received(house.as('otherMember'), 'Unopened')
  const left = await house
    .as('member')
    .waitFor((screen) =>
      directMessages(screen).find((one) => one.ts === old.ts && !findButton(one.blocks, 'Reveal key')),
    )
  expect(said(left)).toContain('another owner')
  await press(house.as('otherMember'), offer, 'Reveal key')
  tokenIn((await dialogWith(house.as('otherMember'), 'Copy your key', 'Shown once')).blocks)
})

test('what cannot change is not an input, and rotating with changes is a click away', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Fixed' })
  const form = await openDialog(manager, 'edit Fixed')
  expect(
    form.blocks.some((block) => block.type === 'input' && ['scopes', 'expires'].includes(block.block_id!)),
  ).toBe(false)
  await pressIn(manager, form, 'Rotate with changes')
  const rotate = await dialogWith(manager, 'Rotate key', 'The new key keeps the name')
  expect(rotate.blocks.some((block) => block.type === 'input' && block.block_id === 'scopes')).toBe(true)
})

test('a revoked key is not edited, whether before or behind an open dialog', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Ending' })
  const form = await openDialog(manager, 'edit Ending')
  const owner = house.as('owner')
  await submitAndSee(owner, await openDialog(owner, 'revoke Ending'), { confirm: 'Ending' })
  const refused = await submitAndSee(manager, form, { description: 'too late' })
  expect(said(refused.blocks)).toMatch(/revoked Ending on/)
  const again = await openDialog(manager, 'edit Ending')
  expect(said(again.blocks)).toMatch(/revoked Ending on/)
  expect(findButton(again.blocks, /./)).toBeUndefined()
})

test('a form submitted twice is saved once', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Doubled' })
  const form = await openDialog(manager, 'edit Doubled')
  await Promise.allSettled([
    submit(manager, form, { description: 'd' }),
    submit(manager, form, { description: 'd' }),
  ])
  await dialogWith(manager, 'Key saved')
  expect(await recorded(house, 'key.edited', 'Doubled')).toHaveLength(1)
})

test.each([
  ['fewer networks', { networks: '203.0.113.0/24' }],
  ['a lower limit', { limit: '10' }],
])(
  '%s are saved at once, and said to be obeyed when every server has learnt of them',
  async (what, typed) => {
    const { config, db } = house.world
    const silent = openDedicatedConnection(config.databaseUrl, { name: 'silent', timeoutMs: 10_000 })
    try {
      await makeKey(house.as('manager'), { name: `Held to ${what}` })
      const [head] = await db('changes').max({ seq: 'seq' })
      await renew(silent, { id: 'inc_silent', name: 'silent', ttlMs: 60_000 }, Number(head?.seq ?? 0), true)
      const manager = house.as('manager')
      await submit(manager, await openDialog(manager, `edit Held to ${what}`), typed)
      const saving = await dialogWith(manager, 'Saving key', 'Waiting for silent')
      expect(said(saving.blocks)).toContain('until then a check there may still go by what was before')
      const [{ seq }] = (await db('changes').max({ seq: 'seq' })) as [{ seq: number }]
      await acknowledge(silent, 'inc_silent', seq)
      const saved = await dialogWith(manager, 'Key saved', 'every request from now on goes by it')
      await manager.close(saved.id)
    } finally {
      await db('leases').where({ incarnation: 'inc_silent' }).delete()
      await silent.close()
    }
  },
)

test('an edit that lets a key do more waits for nobody', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Wider' })
  await submitAndSee(manager, await openDialog(manager, 'edit Wider'), { limit: '10' }).then(({ id }) =>
    manager.close(id),
  )
  const wider = await submitAndSee(manager, await openDialog(manager, 'edit Wider'), { limit: '20' })
  expect(said(wider.blocks)).toBe(`Saved Wider. Its owner is ${people.manager}.`)
  await manager.close(wider.id)
})
