import { calls, fault, person } from 'local-slack/person'
import { expect, test, vi } from 'vitest'
import {
  answerTo,
  general,
  house,
  makeKey,
  openDialog,
  people,
  said,
  setRole,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { recorded } from '../setup/seen.ts'

useHouse()

async function give(values: Record<string, string | null>) {
  const owner = house.as('owner')
  const done = await submitAndSee(owner, await openDialog(owner, 'roles'), values)
  await owner.close(done.id)
  return said(done.blocks)
}

/** Slack says so in an event; its answer does not wait for what comes of it. */
async function becomesGuest(userId: string) {
  await house.slack.setPerson(userId, { kind: 'guest' })
  const rows = () => house.world.db('members').where({ user_id: userId }).whereNull('left_at')
  await expect.poll(rows).toEqual([])
}

test('an owner makes a manager, who can work at once; and takes it back, which holds at once', async () => {
  const member = house.as('otherMember')
  expect(said((await openDialog(member, 'create')).blocks)).toContain('Only managers and owners create keys.')
  expect(await give({ person: people.otherMember, role: 'manager' })).toContain(
    `${people.otherMember} is a manager now.`,
  )
  const form = await openDialog(member, 'create Role taken')
  expect(form.submit).toBe('Create key')
  await give({ person: people.otherMember, role: 'member' })
  const refused = await submitAndSee(member, form, { scopes: ['read'] })
  expect(said(refused.blocks)).toContain('Only managers and owners create keys.')
  expect(await house.world.db('keys').where({ name: 'Role taken' })).toEqual([])
  const changes = await recorded(house, 'role.set')
  expect(changes.slice(-2).map((one) => one.details)).toEqual([
    { user: people.otherMember, role: 'manager', before: 'member' },
    { user: people.otherMember, role: 'member', before: 'manager' },
  ])
})

test('two roles can be set from one dialog; the same role again leaves no record', async () => {
  const owner = house.as('owner')
  const first = await submitAndSee(owner, await openDialog(owner, 'roles'), {
    person: people.member,
    role: 'manager',
  })
  const before = (await recorded(house, 'role.set')).length
  const again = await submitAndSee(owner, first, { person: people.otherMember, role: 'manager' })
  expect(said(again.blocks)).toContain(`${people.otherMember} is a manager now.`)
  expect(await recorded(house, 'role.set')).toHaveLength(before + 1)
  await owner.close(again.id)
  await give({ person: people.member, role: 'manager' })
  expect(await recorded(house, 'role.set')).toHaveLength(before + 1)
  await give({ person: people.member, role: 'member' })
  await give({ person: people.otherMember, role: 'member' })
})

test('the last owner stays one, and two owners who demote each other at once leave one', async () => {
  expect(await give({ person: people.owner, role: 'member' })).toContain(
    'Someone must own Keywarden. Make somebody else an owner first.',
  )
  await give({ person: people.manager, role: 'owner' })
  const [ada, bruno] = [house.as('owner'), house.as('manager')]
  const [one, two] = [await openDialog(ada, 'roles'), await openDialog(bruno, 'roles')]
  await Promise.all([
    submit(ada, one, { person: people.manager, role: 'manager' }),
    submit(bruno, two, { person: people.owner, role: 'manager' }),
  ])
  for (const who of [ada, bruno])
    await who.waitFor((screen) => /now\.|must own|Only owners/.test(said(screen.modals.at(-1)?.blocks ?? [])))
  const owners = await house.world.db('members').where({ role: 'owner' }).select('user_id')
  expect(owners).toHaveLength(1)
  for (const who of [ada, bruno]) await who.close((await who.screen()).modals.at(-1)!.id)
  await setRole(house, people.owner, 'owner')
  await setRole(house, people.manager, 'manager')
})

test('a user group gives its role to whoever is in it, now and later', async () => {
  expect(await give({ group: 'S0PLATFORM', role: 'manager' })).toContain(
    'Everyone in that group is a manager now.',
  )
  const dana = house.as('member')
  expect((await openDialog(dana, 'create')).submit).toBe('Create key')
  expect(await give({ person: people.member, role: 'member' })).toMatch(
    /stays a manager through a user group|is a manager/,
  )
  const events = (await recorded(house, 'group-role.set')).length
  await give({ group: 'S0PLATFORM', role: 'manager' })
  expect(await recorded(house, 'group-role.set')).toHaveLength(events)
  expect(await give({ group: 'S0PLATFORM', role: 'member' })).toContain('That group gives no role any more.')
  expect(said((await openDialog(dana, 'create')).blocks)).toContain('Only managers and owners create keys.')
})

const inGroup = () =>
  house.world.db('group_members').where({ group_id: 'S0PLATFORM' }).orderBy('user_id').pluck('user_id')

test('of two changes of a user group the later stands, although the answer about the first comes last', async () => {
  await give({ group: 'S0PLATFORM', role: 'manager' })
  const both = [people.member, people.otherMember].sort()
  await house.slack.setUsergroup('S0PLATFORM', both)
  await expect.poll(inGroup).toEqual(both)
  const listings = async () =>
    (await calls(house.slack.url, 'usergroups.users.list')).map(({ reply }) => reply.users as string[])
  const before = (await listings()).length
  const late = { method: 'usergroups.users.list', kind: 'late', times: 1, afterMs: 1_500 } as const
  await fault(house.slack.url, late)
  await house.slack.setUsergroup('S0PLATFORM', [...both, people.otherManager])
  await expect.poll(async () => (await listings()).length).toBe(before + 1)
  await house.slack.setUsergroup('S0PLATFORM', [people.member])
  await expect.poll(inGroup).toEqual([people.member])
  await expect.poll(async () => (await listings())[before]).toContain(people.otherMember)
  expect((await openDialog(house.as('member'), 'create')).submit).toBe('Create key')
  await expect.poll(inGroup).toEqual([people.member])
  expect(said((await openDialog(house.as('otherMember'), 'create')).blocks)).toContain(
    'Only managers and owners create keys.',
  )
  await give({ group: 'S0PLATFORM', role: 'member' })
})

test('who came to a user group or left it while no event was heard has the right role after the nightly comparison', async () => {
  await house.slack.setUsergroup('S0PLATFORM', [people.member])
  await give({ group: 'S0PLATFORM', role: 'manager' })
  const row = await house.world.db('group_members').where({ group_id: 'S0PLATFORM' }).first()
  await house.world.db('group_members').update({ user_id: people.otherMember })
  await house.keywarden.runTimetable()
  expect(await house.world.db('group_members')).toEqual([row])
  await give({ group: 'S0PLATFORM', role: 'member' })
})

test('one person or one group is chosen, and a guest is refused on the kept form', async () => {
  const owner = house.as('owner')
  const form = await openDialog(owner, 'roles')
  expect(await submit(owner, form, { role: 'manager' })).toMatchObject({
    errors: { person: expect.stringContaining('one of them') },
  })
  expect(
    await submit(owner, form, { person: people.member, group: 'S0PLATFORM', role: 'manager' }),
  ).toMatchObject({ outcome: 'errors' })
  const kept = await submitAndSee(owner, form, { person: people.guest, group: null, role: 'manager' })
  expect(said(kept.blocks)).toContain('Person: Choose a full member of your team.')
  expect(kept.values).toMatchObject({ person: { person: people.guest }, role: { role: 'manager' } })
})

test('a manager who becomes a guest may do nothing from then on, their open dialogs included', async () => {
  const manager = house.as('otherManager')
  await makeKey(manager, { name: 'Guest to be' })
  const form = await openDialog(manager, 'deactivate Guest to be')
  await becomesGuest(people.otherManager)
  const refused = await submitAndSee(manager, form, {})
  expect(said(refused.blocks)).toContain('Only full members of this Slack team can use Keywarden.')
  expect(said(await answerTo(manager, 'list'))).toContain(
    'Only full members of this Slack team can use Keywarden.',
  )
  await house.slack.setPerson(people.otherManager, { kind: 'member' })
  // Slack's event about it comes when it comes.
  await vi.waitFor(async () => {
    const opened = await openDialog(manager, 'create')
    await manager.close(opened.id)
    expect(said(opened.blocks)).toContain('Only managers and owners create keys.')
  }, 40_000)
  await setRole(house, people.otherManager, 'manager')
})

test('who becomes a guest while Slack still answers that they are a member is not let in', async () => {
  const id = 'U0NEWCOMER'
  await house.slack.addPerson({
    ...house.slack.people().find((one) => one.id === people.member)!,
    id,
    name: 'nia',
  })
  await house.slack.addToChannel(general, id)
  await fault(house.slack.url, { method: 'users.info', kind: 'late', times: 1, afterMs: 1_000, about: id })
  const answer = answerTo(person(house.slack.url, id), 'list')
  const asked = async () =>
    (await calls(house.slack.url, 'users.info')).filter(({ args }) => args.user === id)
  await expect.poll(async () => (await asked()).length).toBe(1)
  house.calendar.advance({ days: 0, minutes: 1 })
  await house.slack.setPerson(id, { kind: 'guest' })
  expect(said(await answer)).toContain('Only full members of this Slack team can use Keywarden.')
  expect(await house.world.db('members').where({ user_id: id })).toEqual([])
  house.calendar.advance({ days: 0, minutes: 1 })
  await house.slack.setPerson(id, { kind: 'member' })
  expect(said(await answerTo(person(house.slack.url, id), 'list'))).not.toContain('Only full members')
})

test('a guest in a user group gets no role from it', async () => {
  await give({ group: 'S0PLATFORM', role: 'manager' })
  await becomesGuest(people.member)
  // Slack may name a guest among a group's members at any later event.
  await house.world
    .db('group_members')
    .insert(
      (await house.world.db('group_roles').select('workspace_id', 'group_id')).map((row) => ({
        ...row,
        user_id: people.member,
      })),
    )
    .onConflict()
    .ignore()
  expect(said(await answerTo(house.as('member'), 'list'))).toContain(
    'Only full members of this Slack team can use Keywarden.',
  )
  await house.slack.setPerson(people.member, { kind: 'member' })
  await give({ group: 'S0PLATFORM', role: 'member' })
})

test('the last owner who becomes a guest loses every right too, and has them back as a member of the team', async () => {
  const owner = house.as('owner')
  await becomesGuest(people.owner)
  expect(said((await openDialog(owner, 'roles')).blocks)).toContain(
    'Only full members of this Slack team can use Keywarden.',
  )
  await house.slack.setPerson(people.owner, { kind: 'primary_owner' })
  expect((await openDialog(owner, 'roles')).submit).toBe('Set role')
})
