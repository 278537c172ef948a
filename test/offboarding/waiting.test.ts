import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { person } from 'local-slack/person'
import { expect, test } from 'vitest'
import { house, openDialog, people, press, said, security, submitAndSee, useHouse } from '../setup/house.ts'
import { dialogWith, received, recorded, setPolicyOf } from '../setup/seen.ts'
import { join, ownedKey } from './leavers.ts'

useHouse()

const farah = 'U0FARAH006'
const gus = 'U0GUS00007'

const inChannel = (words: RegExp): Promise<Message> =>
  house
    .as('manager')
    .waitFor((screen) => messagesIn(screen, security).findLast((one) => words.test(said(one))))

async function offboard(userId: string): Promise<void> {
  const form = await openDialog(house.as('owner'), `offboard <@${userId}>`)
  const begun = await submitAndSee(house.as('owner'), form, {})
  await house.as('owner').close(begun.id)
}

test('a request of somebody who leaves is closed: nobody can approve it, and its message says why', async () => {
  const leaver = house.as('member')
  const form = await openDialog(leaver, 'request Nightly')
  const sent = await submitAndSee(leaver, form, { scopes: ['read'], reason: 'For the nightly sync' })
  await leaver.close(sent.id)
  const asked = await inChannel(/requests a key for Nightly/)
  // Opened before, submitted after.
  const manager = house.as('manager')
  await press(manager, asked, 'Deny')
  const deny = await dialogWith(manager, 'Deny request', 'Nightly')
  await offboard(people.member)
  const closed = await inChannel(/Nightly.*Closed on .*: U0DANA0004 is leaving/)
  expect(closed.ts).toBe(asked.ts)
  expect(findButton(closed.blocks, /./)).toBeUndefined()

  const refused = await submitAndSee(manager, deny, { reason: 'No' })
  expect(said(refused.blocks)).toMatch(/It was closed on .*: U0DANA0004 is leaving/)
  await manager.close(refused.id)
  expect(await house.world.db('keys').where({ name: 'Nightly' })).toEqual([])
  expect(await recorded(house, 'request.closed')).toMatchObject([
    { actor: 'offboarding', details: { for: people.member, name: 'Nightly', leaver: people.member } },
  ])
})

test('whoever asked for a key for somebody who leaves is told, and cannot ask for the same again', async () => {
  await setPolicyOf(house, { writeNeedsApproval: true })
  const asker = house.as('otherManager')
  const wanted = { scopes: ['write'], expires: '90', owner: farah }
  const form = await openDialog(asker, 'create Shared sync')
  const sent = await submitAndSee(asker, form, wanted)
  await asker.close(sent.id)
  await inChannel(/requests a key for Shared sync/)
  await offboard(farah)
  await inChannel(/Shared sync.*Closed on .*: U0FARAH006 is leaving/)
  await received(
    asker,
    /Your request for Shared sync is closed: U0FARAH006, who was to have the key, is leaving/,
  )
  await setPolicyOf(house, { writeNeedsApproval: false })
  const kept = await submitAndSee(asker, await openDialog(asker, 'create Shared sync'), wanted)
  expect(said(kept.blocks)).toContain('Owner: They are being offboarded. Choose somebody who stays.')
})

test('a key that waits for a leaver is not shown to them: whoever takes over reveals it', async () => {
  const { world } = house
  const workspace = await world.db('workspaces').first('id')
  const manager = await join(world, workspace.id, people.manager, 'manager')
  const made = await openDialog(house.as('manager'), 'create Waiting key')
  const view = await submitAndSee(house.as('manager'), made, { scopes: ['read'], expires: '90', owner: gus })
  await house.as('manager').close(view.id)
  const leaver = person(house.slack.url, gus)
  const offer = await received(leaver, /Waiting key/)
  await ownedKey(world, manager, 'Of somebody else')
  await offboard(gus)
  await inChannel(/Offboarded U0GUS00007: 1 handed over/)
  await press(leaver, offer, 'Reveal key')
  const refused = await leaver.waitFor((screen) =>
    JSON.stringify(screen).includes('You have been offboarded from'),
  )
  expect(refused).toBe(true)
  expect(JSON.stringify(await leaver.screen())).not.toMatch(/tml_[0-9A-Za-z]{38}/)
  const key = await world.db('keys').where({ name: 'Waiting key' }).first()
  expect(key).toMatchObject({ status: 'unrevealed', token_hash: null })
  expect(key.owner_id).not.toBe(gus)
  await received(person(house.slack.url, key.owner_id), /U0GUS00007 is leaving and you now own/)
})
