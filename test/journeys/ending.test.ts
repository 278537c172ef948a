import { controlsIn, findButton } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  answerTo,
  callPlatform,
  house,
  makeKey,
  openDialog,
  people,
  pressIn,
  said,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, pick, received, recorded } from '../setup/seen.ts'

useHouse()

test('a key is meant by name in any case, by hint in any form, or by id; a near miss never acts', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Salesforce CRM' })
  const { id } = await house.world.db('keys').where({ name: 'Salesforce CRM' }).first('id')
  for (const words of [
    'SALESFORCE crm',
    '“Salesforce CRM”',
    token.slice(0, 8),
    `${token.slice(0, 8)}...`,
    token.slice(4, 8),
    id,
  ])
    expect(said((await openDialog(manager, `deactivate ${words}`)).blocks)).toContain(
      'Requests with it are refused at once',
    )
  for (const words of ['Salesfroce CRM', 'Salesforce', 'tml_'])
    expect(said((await openDialog(manager, `revoke ${words}`)).blocks)).toMatch(/No key is called/)
  const near = await openDialog(manager, 'deactivate Salesfroce CRM')
  expect(said(near.blocks)).toContain('Did you mean:')
  expect(near.submit).toBeUndefined()
  expect(await callPlatform(house, token)).toBe(200)
})

test('without a key the command asks which', async () => {
  const manager = house.as('manager')
  const which = await openDialog(manager, 'deactivate')
  expect(said(which.blocks)).toContain('Which key?')
  const { hint } = await house.world.db('keys').where({ name: 'Salesforce CRM' }).first('hint')
  await pick(manager, which, `Salesforce CRM ${hint}`)
  await dialogWith(manager, 'Deactivate key', 'Resume at any time')
})

test('a name that cannot be typed is confirmed by the four characters of the hint', async () => {
  const manager = house.as('manager')
  for (const name of ['🔑💥', 'مفتاح']) {
    const token = await makeKey(manager, { name })
    const form = await openDialog(manager, `revoke ${token.slice(4, 8)}`)
    expect(await submit(manager, form, { confirm: 'no' })).toMatchObject({
      errors: { confirm: `That does not match ${name} or ${token.slice(4, 8)}.` },
    })
    expect(said((await submitAndSee(manager, form, { confirm: token.slice(4, 8) })).blocks)).toContain(
      'Revoked',
    )
    expect(await callPlatform(house, token)).toBe(401)
  }
})

test('Deactivate instead pauses, and the dialog that says so offers to resume', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Spared' })
  const form = await openDialog(manager, 'delete Spared')
  expect(form.close).toBe('Keep key')
  await pressIn(manager, form, 'Deactivate instead')
  const pause = await dialogWith(manager, 'Deactivate key', 'Resume at any time')
  const paused = await submitAndSee(manager, pause, {})
  expect(await callPlatform(house, token)).toBe(401)
  await pressIn(manager, paused, 'Activate')
  await dialogWith(manager, 'Key deactivated', 'Activated Spared.')
  await expect.poll(() => callPlatform(house, token)).toBe(200)
})

test('who revealed a key is not said to have activated it, who resumed it is', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Never paused' })
  expect(said(await answerTo(manager, 'activate Never paused'))).toContain('Never paused is active already.')
  await submitAndSee(manager, await openDialog(manager, 'deactivate Never paused'), {})
  house.calendar.advance({ days: 0, minutes: 1 })
  await answerTo(house.as('owner'), 'activate Never paused')
  expect(said(await answerTo(manager, 'activate Never paused'))).toMatch(
    /U0ADA00001 activate ?d it already, on/,
  )
})

test('a dialog submitted twice, and two people at once, leave one change and one record', async () => {
  const [one, two] = [house.as('manager'), house.as('owner')]
  await makeKey(one, { name: 'Raced' })
  const [mine, theirs] = [await openDialog(one, 'revoke Raced'), await openDialog(two, 'revoke Raced')]
  await Promise.allSettled([
    submit(one, mine, { confirm: 'Raced' }),
    submit(one, mine, { confirm: 'Raced' }),
    submit(two, theirs, { confirm: 'Raced' }),
  ])
  for (const who of [one, two])
    await who.waitFor((screen) =>
      /Revoked Raced|revoked Raced/.test(said(screen.modals.at(-1)?.blocks ?? [])),
    )
  expect(await recorded(house, 'key.revoked', 'Raced')).toHaveLength(1)
})

test('what was done already is said before the dialog asks anything', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Paused' })
  await submitAndSee(manager, await openDialog(manager, 'deactivate Paused'), {})
  const again = await openDialog(manager, 'deactivate Paused')
  expect(said(again.blocks)).toMatch(/U0BRUNO002 deactivate ?d it already, on/)
  expect(again.submit).toBeUndefined()
  expect(said((await openDialog(manager, 'revoke Raced')).blocks)).toMatch(/revoked Raced on/)
})

test('the owner hears what somebody else did to their key, and a name full of markup stays a name', async () => {
  const owner = house.as('owner')
  const name = '*Dana* `x` _y_'
  await makeKey(owner, { name })
  await submitAndSee(owner, await openDialog(owner, `edit ${name}`), { owner: people.member })
  await submitAndSee(owner, await openDialog(owner, `deactivate ${name}`), {})
  const message = await received(house.as('member'), /deactivate ?d your key/)
  expect(said(message)).toContain(name)
  expect(JSON.stringify(message.blocks)).not.toContain('mrkdwn')
})

test('an expired key is not activated: rotating or a new key is the way on', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Short', expires: '1' })
  await submitAndSee(manager, await openDialog(manager, 'deactivate Short'), {})
  house.calendar.advance({ days: 2, minutes: 0 })
  expect(said(await answerTo(manager, 'activate Short'))).toMatch(/Short expired on .* Rotate it/)
})

test('a whole key pasted into a command is not repeated, and ending it is one click away', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Pasted' })
  const answer = await answerTo(manager, `show ${token}`)
  expect(said(answer)).toContain('That is a whole key. Anyone who saw it can use it.')
  expect(JSON.stringify(answer)).not.toContain(token)
  expect(findButton(answer.blocks, /Rotate/)).toBeDefined()
  const member = await answerTo(house.as('otherMember'), `list ${token}`)
  expect(said(member)).toContain('Tell a manager or an owner now.')
  expect(controlsIn(member.blocks)).toEqual([])
})

test('help holds what a role may do, and each verb has its own', async () => {
  const verbs = async (who: 'owner' | 'manager' | 'member') =>
    [...said(await answerTo(house.as(who), 'help')).matchAll(/\/keys (\w+)/g)].map((match) => match[1])
  expect(await verbs('owner')).toEqual(
    expect.arrayContaining(['list', 'create', 'revoke', 'roles', 'policy']),
  )
  const manager = await verbs('manager')
  expect(manager).toContain('revoke')
  expect(manager).not.toContain('roles')
  const everybodys = [
    'list',
    'inbox',
    'request',
    'requests',
    'show',
    'usage',
    'holders',
    'leaked',
    'review',
    'help',
  ]
  expect((await verbs('member')).toSorted()).toEqual(everybodys.toSorted())
  for (const verb of new Set(manager))
    expect(said(await answerTo(house.as('manager'), `help ${verb}`))).toContain(`/keys ${verb}`)
  expect(said(await answerTo(house.as('member'), 'help revoke'))).toContain(
    'There is no command /keys revoke.',
  )
  expect(said(await answerTo(house.as('manager'), 'frobnicate'))).toMatch(
    /There is no command \/keys frobnicate ?\. No key matches either\. See \/keys help/,
  )
})

test('the audit is read by key, by person and page by page; a refused attempt is in it', async () => {
  const manager = house.as('manager')
  await openDialog(house.as('member'), 'revoke Pasted')
  const mine = await answerTo(manager, `audit <@${people.member}>`)
  expect(said(mine)).toMatch(/U0DANA0004 tried to revoke .* and was refused/)
  expect(said(await answerTo(manager, 'audit Pasted'))).toMatch(/U0BRUNO002 created Pasted/)
  const all = await answerTo(manager, 'audit')
  expect(findButton(all.blocks, 'Older')).toBeDefined()
})
