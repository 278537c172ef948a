import { controlsIn, findButton, optionValue } from 'local-slack/inspect'
import { beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { addWorkspace, inheritOwners } from '../../src/workspaces/workspace.ts'
import {
  answerTo,
  choose,
  house,
  makeKey,
  openDialog,
  pressIn,
  said,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { homeWith } from '../setup/seen.ts'

useHouse()
beforeAll(async () => {
  const [first] = await house.world.db('workspaces').select('id', 'account_id')
  await perform(house.world, { kind: 'operator', id: 'test' }, async (act) => {
    const added = await addWorkspace(
      act,
      first.account_id,
      { name: 'EU West', policy: {} },
      house.world.random,
    )
    if (!isRefusal(added)) await inheritOwners(act, first.id, added.id)
    return added
  })
})

const workspaceOf = async (name: string) =>
  (
    await house.world
      .db('keys')
      .join('workspaces', 'workspaces.id', 'workspace_id')
      .where('keys.name', name)
      .first('workspaces.name')
  ).name

test('in:WORKSPACE says where, quoted when it has spaces; a key of one is not in the other', async () => {
  const owner = house.as('owner')
  await makeKey(owner, { name: 'Here' })
  const form = await openDialog(owner, 'create in:"eu west"')
  const shown = await submitAndSee(owner, form, { name: 'There', scopes: ['read'] })
  await owner.close(shown.id)
  expect(await workspaceOf('There')).toBe('EU West')
  expect(said(await answerTo(owner, 'list'))).not.toContain('There')
  const elsewhere = said(await answerTo(owner, 'list in:"EU West"'))
  expect(elsewhere).toContain('There')
  expect(elsewhere).not.toContain('Here')
  expect(said((await openDialog(owner, 'show There')).blocks)).toContain('No key is called There.')
  expect(said(await answerTo(owner, 'in:"EU West"'))).toContain('EU West · you are an owner')
})

test('a policy names its workspace once, in each of its forms', async () => {
  const owner = house.as('owner')
  for (const section of ['', 'rotation', 'leaked'])
    expect(
      said((await openDialog(owner, `policy ${section} in:"EU West"`)).blocks).match(/EU West/g),
    ).toEqual(['EU West'])
})

test('a list, an inbox and a greeting name their workspace once', async () => {
  for (const words of ['list in:"EU West"', 'inbox in:"EU West"', 'help in:"EU West"', 'in:"EU West"'])
    expect(said(await answerTo(house.as('owner'), words)).match(/EU West/g), words).toEqual(['EU West'])
})

test('an unknown workspace is refused with those that there are', async () => {
  expect(said(await answerTo(house.as('owner'), 'list in:APAC'))).toMatch(
    /There is no workspace called APAC here\. Your workspaces: Platform and EU West/,
  )
})

test('the form chooses the workspace, and the key is made where the form says', async () => {
  const owner = house.as('owner')
  const form = await openDialog(owner, 'create Chosen')
  const control = controlsIn(form.blocks).find((one) => one.blockId === 'workspace')!
  const there = await choose(owner, form, 'workspace', optionValue(form.blocks, control, 'EU West')!)
  await owner.close((await submitAndSee(owner, there, { scopes: ['read'] })).id)
  expect(await workspaceOf('Chosen')).toBe('EU West')
})

test('the workspace chosen on Home is remembered, for commands too', async () => {
  const owner = house.as('owner')
  await owner.home()
  const home = await homeWith(owner, 'Here')
  const chooser = controlsIn(home.blocks).find((one) => one.actionId === 'home.switch.workspace')!
  await owner.click({
    at: { view: home.id },
    ...chooser,
    value: optionValue(home.blocks, chooser, 'EU West')!,
  })
  await homeWith(owner, 'There')
  expect(said(await answerTo(owner, 'list'))).toContain('There')
  expect(said(await answerTo(owner, 'list in:Platform'))).toContain('Here')
})

test('a manager of one workspace is a member of the other, and is refused there', async () => {
  const manager = house.as('manager')
  const refused = await openDialog(manager, 'create in:"EU West"')
  expect(said(refused.blocks)).toContain('Only managers and owners create keys.')
  expect(findButton(refused.blocks, 'Request a key')).toBeDefined()
  await pressIn(manager, refused, 'Request a key')
})
