import { findButton } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  house,
  makeKey,
  openDialog,
  people,
  said,
  submitAndSee,
  type TestHouse,
  useHouse,
} from '../setup/house.ts'
import { chooseFromMenu, dialogWith, homeWith } from '../setup/seen.ts'

useHouse()

const pressHome = async (who: ReturnType<TestHouse['as']>, label: string) => {
  const home = (await who.screen()).home!
  await who.click({ at: { view: home.id }, ...findButton(home.blocks, label)! })
}

test('an empty Home says that all is well and offers the first step', async () => {
  const manager = house.as('manager')
  await manager.home()
  const home = await homeWith(manager, 'No keys yet.')
  expect(said(home.blocks)).toContain('Nothing. All is well.')
  await pressHome(manager, 'Create key')
  expect((await dialogWith(manager, 'Create key', 'Name')).submit).toBe('Create key')
})

test('Home follows what somebody else does, with the same actions as the list', async () => {
  const manager = house.as('manager')
  const owner = house.as('owner')
  await makeKey(owner, { name: 'Ledger', expires: '8' })
  house.calendar.advance({ days: 1, minutes: 1 })
  await house.keywarden.runTimetable()
  await manager.home()
  await pressHome(manager, 'All keys')
  await homeWith(manager, /Needs attention.*Ledger stops working on.*All keys.*Ledger/)
  await submitAndSee(owner, await openDialog(owner, 'deactivate Ledger'), {})
  await homeWith(manager, '○ Inactive')
  const now = (await manager.screen()).home!
  await chooseFromMenu(manager, { view: now.id, blocks: now.blocks }, 'Ledger', 'Activate')
  await dialogWith(manager, 'Keywarden', 'Activated Ledger.')
  await homeWith(manager, '● Active')
})

test('a key that waits is offered on Home, where it is revealed', async () => {
  const manager = house.as('manager')
  const member = house.as('member')
  await member.home()
  await homeWith(member, 'No keys yet.')
  await submitAndSee(manager, await openDialog(manager, 'create Offered'), {
    scopes: ['read'],
    owner: people.member,
  })
  await homeWith(member, /Offered waits for you to reveal it ?, until /)
  await pressHome(member, 'Reveal key')
  await dialogWith(member, 'Copy your key', 'Shown once')
  await member.waitFor(({ home }) => home && !said(home.blocks).includes('waits for you') && home)
})

test('a member has their own keys and Request, and Help answers in a dialog', async () => {
  const member = house.as('member')
  const home = (await member.screen()).home!
  expect(findButton(home.blocks, 'All keys')).toBeUndefined()
  expect(findButton(home.blocks, 'Create key')).toBeUndefined()
  await pressHome(member, 'Help')
  expect(said((await dialogWith(member, 'Keywarden', '/keys request')).blocks)).not.toContain('/keys revoke')
})
