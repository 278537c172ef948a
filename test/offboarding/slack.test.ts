import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { person } from 'local-slack/person'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Role } from '../../src/members/member.ts'
import {
  callPlatform,
  house,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  security,
  setRole,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'

import { setPolicyOf, undoNow } from '../setup/seen.ts'
import { plantTraffic } from '../watch/traffic.ts'
import { join, ownedKey, use } from './leavers.ts'

const hourMs = 3_600_000

useHouse()
beforeAll(async () => {
  await setPolicyOf(house, { offboardingByWorkflow: true })
})

const leaving = (userId: string) => (message: Message) => !message.threadTs && said(message).includes(userId)

const report = (userId: string, pattern: RegExp) =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find((message) => leaving(userId)(message) && pattern.test(said(message))),
    )

const roleOf = async (userId: string): Promise<Role | undefined> =>
  (await house.world.db('members').where({ user_id: userId }).first('role'))?.role

const keyOf = (name: string) => house.world.db('keys').where({ name }).whereNull('predecessor_id').first()

test('who sends their choices after somebody else requested the same offboarding reads that they are not used', async () => {
  const leaver = 'U0OVER0001'
  const { world } = house
  const workspace = await world.db('workspaces').first('id')
  const as = await join(world, workspace.id, leaver, 'manager')
  await house.slack.addPerson({ ...house.slack.people()[5]!, id: leaver, name: 'overtaken' })
  const { id } = await ownedKey(world, as, 'Overtaken')
  const [late, early] = [house.as('manager'), house.as('owner')]
  const mine = await openDialog(late, `offboard <@${leaver}>`)
  const theirs = await openDialog(early, `offboard <@${leaver}>`)
  const first = await submitAndSee(early, theirs, { [id]: 'deactivate' })
  expect(said(first.blocks)).not.toContain('not used')
  await early.close(first.id)
  const second = await submitAndSee(late, mine, { [id]: 'revoke' })
  expect(said(second.blocks)).toMatch(
    new RegExp(`${people.owner}.*requested it before you did.*Your choices are not used`),
  )
  await late.close(second.id)
  await report(leaver, /Offboarded/)
  expect((await keyOf('Overtaken')).status).toBe('inactive')
})

test('a preview says which keys and why, may be changed, then it happens and is reported with a file; after an undo the report says what is so', async () => {
  const leaver = people.otherManager
  const serves = { integration: 'Salesforce', description: 'Keeps *contacts* in step' }
  const rotated = await makeKey(house.as('otherManager'), { name: 'Salesforce CRM', ...serves })
  expect(await callPlatform(house, rotated)).toBe(200)
  const paused = await makeKey(house.as('otherManager'), { name: 'Nightly export' })
  const ended = await makeKey(house.as('otherManager'), { name: 'Old script' })
  const { id } = await keyOf('Nightly export')
  const used = (await keyOf('Salesforce CRM')).id
  await vi.waitUntil(() => house.world.db('key_usage').where({ key_id: used }).first(), { timeout: 40_000 })
  // Of the same calendar day as the last 24 hours, but before them.
  const now = Math.floor(house.world.clock.now().getTime() / hourMs) * hourMs
  await plantTraffic(house.world.db, used, new Date(now - 28 * hourMs), new Date(now - 27 * hourMs), () => 5)
  const form = await openDialog(house.as('owner'), `offboard <@${leaver}|chidi>`)
  expect(said(form.blocks)).toMatch(/owns or has seen 3 keys ?; 1 is in use/)
  expect(said(form.blocks)).toMatch(
    /Salesforce CRM.*Salesforce · Keeps \*contacts\* in step ?owns it, revealed it · read · 1 request in 24 h · last used/,
  )
  expect(await submit(house.as('owner'), form, { successor: leaver })).toMatchObject({
    outcome: 'errors',
    errors: { successor: 'Whoever leaves cannot take over.' },
  })
  const begun = await submitAndSee(house.as('owner'), form, {
    [id]: 'deactivate',
    successor: people.member,
    note: 'Last day',
  })
  expect(said(begun.blocks)).toContain('Offboarding')

  const done = await report(leaver, /Offboarded .*: 2 refused, 1 rotating/)
  expect(said(done)).toMatch(/can still use 1 key until/)
  // The receipt of a key that still works does not say that it is refused.
  expect(said(done)).toMatch(/rotating.*; old key works until [^.]*\. 1 of 1 server confirmed when it ends\./)
  expect(said(done)).toMatch(
    /revoked ?\. 1 of 1 server confirmed in [\d.]+ m?s ?; every request from now on is refused/,
  )
  expect(said(done)).toMatch(/Asked for by U0ADA00001 on .*, through \/keys offboard ?\. Note: Last day ?\./)
  expect(said(done)).toMatch(/Done after (?:less than a second|\d+ seconds?) ?; the limit is 15 minutes/)
  expect(await callPlatform(house, rotated)).toBe(200)
  expect(await callPlatform(house, paused)).toBe(401)
  expect(await callPlatform(house, ended)).toBe(401)
  expect(await keyOf('Nightly export')).toMatchObject({ status: 'inactive', owner_id: people.member })
  expect(await keyOf('Old script')).toMatchObject({ status: 'revoked' })

  const offer = await house
    .as('member')
    .waitFor((screen) =>
      messagesIn(screen, house.slack.dmOf(people.member).id).find((message) =>
        /you now own/.test(said(message)),
      ),
    )
  await press(house.as('member'), offer, 'Reveal key')
  await house
    .as('member')
    .waitFor((screen) => /tml_[0-9A-Za-z]{38}/.test(JSON.stringify(screen)) || undefined)
  const thread = await house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find((one) => one.threadTs === done.ts && one.files?.length),
    )
  expect(thread.files![0]!.name).toMatch(/^offboarding-.*\.csv$/)

  const current = await openDialog(house.as('owner'), `offboard <@${leaver}>`)
  expect(said(current.blocks)).toMatch(/Offboarded .*: 2 refused ?, 1 rotating/)
  expect(findButton(current.blocks, 'Undo')).toBeDefined()
  await house.as('owner').close(current.id)
  expect(await roleOf(leaver)).toBeUndefined()
  await press(house.as('owner'), done, 'Undo')
  const { asked, undone } = await undoNow(house.as('owner'), 'Will work again')
  expect(said(asked.blocks)).toMatch(
    /Will work again \(1\): Nightly export\. Will be theirs again \(2\): Nightly export, Salesforce CRM\. Will go on rotating \(1\): Salesforce CRM\. Stays refused \(1\): Old script\. Role: manager of Platform\./,
  )
  expect(said(undone.blocks)).toMatch(
    /Active again \(1\): Nightly export\. Theirs again \(2\): Nightly export, Salesforce CRM\. Goes on rotating \(1\): Salesforce CRM\. Cannot be taken back \(1\): Old script\. Role: manager of Platform\./,
  )
  expect(await roleOf(leaver)).toBe('manager')
  const taken = said(await report(leaver, /was undone on/))
  expect(taken).toMatch(/Nightly export .*was deactivated, given to U0DANA0004 ?; undone on/)
  expect(taken).toMatch(
    /Salesforce CRM .*goes on rotating ?; owner is U0CHIDI003 again ?; old key works until/,
  )
  // Nothing of what was taken back is said as if it were so.
  expect(taken).not.toMatch(/owner is now|deactivated ?\. 1 of 1/)
  await expect.poll(() => callPlatform(house, paused)).toBe(200)
  expect(await keyOf('Nightly export')).toMatchObject({ status: 'active', owner_id: leaver })
}, 180_000)

test('somebody whom Slack deactivates is offboarded within a moment, and who comes back is noted', async () => {
  await setRole(house, people.otherMember, 'manager')
  const token = await makeKey(house.as('otherMember'), { name: 'Emre sync' })
  await house.slack.setPerson(people.otherMember, { deleted: true })
  const done = await report(people.otherMember, /Offboarded .*: 1 refused/)
  expect(said(done)).toContain('through Slack, which deactivated them')
  expect(await callPlatform(house, token)).toBe(401)
  await house.slack.setPerson(people.otherMember, { deleted: false })
  const back = said(await report(people.otherMember, /came back on/))
  expect(back).toMatch(/No key came back by itself ?\. What became of 1 key Emre sync \S+ was deactivated/)
  expect(back).not.toContain('from now on')
  expect(await callPlatform(house, token)).toBe(401)
})

test('who may not offboard somebody is told before they see a preview', async () => {
  const own = await openDialog(house.as('manager'), `offboard <@${people.manager}>`)
  expect(said(own.blocks)).toContain('Someone else must offboard you.')
  const superior = await openDialog(house.as('manager'), `offboard <@${people.owner}>`)
  expect(said(superior.blocks)).toContain('Only owners offboard an owner.')
  expect(superior.submit).toBeUndefined()
})

test.each([
  ['an app', '<@U0BOT00010|keywarden>', 'That is an app; only people are offboarded.'],
  ['somebody of another organisation', '<@U0IVO00009>', 'That person belongs to another organisation.'],
  ['nobody', '', 'Say who leaves.'],
  ['who is not there', '<@U0NOBODY99>', 'Slack knows nobody by that name.'],
])('%s is not offboarded', async (_who, words, text) => {
  const dialog = await openDialog(house.as('owner'), `offboard ${words}`)
  expect(said(dialog.blocks)).toContain(text)
  expect(dialog.submit).toBeUndefined()
})

test('a guest can be offboarded', async () => {
  const form = await openDialog(house.as('owner'), `offboard <@${people.guest}>`)
  expect(said(form.blocks)).toContain('has no key')
  await submitAndSee(house.as('owner'), form, {})
  await report(people.guest, /They had no key/)
  // A mistake even so: nobody else could let them in again.
  const again = await openDialog(house.as('owner'), `offboard <@${people.guest}>`)
  await pressIn(house.as('owner'), again, 'Undo')
  await undoNow(house.as('owner'), 'No key changes.')
  await report(people.guest, /was undone on/)
})

test('a workflow step answers with counts and a link when every key is refused', async () => {
  await setRole(house, 'U0FARAH006', 'manager')
  const run = await house.slack.runStep('offboard_person', {
    user: 'U0FARAH006',
    mode: 'revoke',
    note: 'HR 12',
  })
  expect(await house.slack.stepOutcome(run)).toMatchObject({
    ok: true,
    outputs: { keys: 0, refused: 0, summary: '0 keys: 0 refused, 0 rotating, 0 kept, 0 failed' },
  })
  const wrong = await house.slack.runStep('offboard_person', { user: 'U0FARAH006', mode: 'nuke' })
  expect(await house.slack.stepOutcome(wrong)).toEqual({
    ok: false,
    error: 'The mode is one of: by-use, revoke, deactivate, rotate.',
  })
})

test.each([
  [{ user: 'U0BOT00010' }, 'That is an app; only people are offboarded.'],
  [{ user: 'U0FARAH006', successor: people.guest }, 'Whoever takes over must be a full member of your team.'],
  [{ user: '' }, 'The step needs to know who leaves.'],
])('a workflow step that names the wrong people fails, and says why: %o', async (inputs, error) => {
  const run = await house.slack.runStep('offboard_person', inputs)
  expect(await house.slack.stepOutcome(run)).toEqual({ ok: false, error })
})

test('whoever is being offboarded is refused, while Slack still lets them in', async () => {
  const leaver = person(house.slack.url, 'U0GUS00007')
  const before = await openDialog(leaver, 'request')
  expect(before.submit).toBeDefined()
  await leaver.close(before.id)
  await house.slack.stepOutcome(await house.slack.runStep('offboard_person', { user: 'U0GUS00007' }))
  const refused = await openDialog(leaver, 'request')
  expect(said(refused.blocks)).toMatch(/You have been offboarded from .* to undo it/)
})

test('every key has its line in the preview while a dialog has room; the rest share a choice, and counts tell', async () => {
  const { world } = house
  const workspace = await world.db('workspaces').first('id')
  const as = await join(world, workspace.id, 'U0MANY0001', 'manager')
  await house.slack.addPerson({ ...house.slack.people()[5]!, id: 'U0MANY0001', name: 'many' })
  for (let i = 0; i < 47; i++) await ownedKey(world, as, `=<!channel> *key* ${i}`)
  const busy = (await keyOf('=<!channel> *key* 46')).id
  await use(world, busy)
  const form = await openDialog(house.as('owner'), 'offboard <@U0MANY0001>')
  expect(said(form.blocks)).toMatch(/owns or has seen 47 keys/)
  expect(said(form.blocks)).toMatch(/What happens to the other 2 keys/)
  const lines = form.blocks.filter((block) => block.type === 'section' && /key\*/.test(said([block])))
  expect(lines).toHaveLength(45)
  expect(said([lines[0]!])).toContain('=<!channel> *key* 46')
  await submitAndSee(house.as('owner'), form, { mode: 'deactivate', [busy]: 'revoke' })
  const done = await report('U0MANY0001', /Offboarded .*: 47 refused/)
  expect(done.blocks.map((block) => block.type)).not.toContain('plan')
  const outcomes = await world
    .db('offboarding_keys')
    .join('offboardings', 'offboardings.id', 'offboarding_id')
    .where({ user_id: 'U0MANY0001' })
    .groupBy('outcome')
    .select('outcome')
    .count('key_id as n')
  expect(Object.fromEntries(outcomes.map((row) => [row.outcome, Number(row.n)]))).toEqual({
    revoked: 45,
    deactivated: 2,
  })
  expect(await keyOf('=<!channel> *key* 46')).toMatchObject({ status: 'revoked' })
})
