import { findButton, messagesIn } from 'local-slack/inspect'
import { person } from 'local-slack/person'
import { beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { findMember } from '../../src/members/member.ts'
import { addWorkspace, type Workspace, workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import {
  answerTo,
  house,
  openDialog,
  people,
  press,
  pressIn,
  said,
  security,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { undoNow } from '../setup/seen.ts'
import { join, keysByName, ownedKey, use } from './leavers.ts'

const farah = 'U0FARAH006'
const gus = 'U0GUS00007'
const emre = people.otherMember
const channel = 'C0PRODUCT1'

let platform: Workspace
let production: Workspace
useHouse()
beforeAll(async () => {
  const { world, slack } = house
  const [home] = await workspacesOfTeam(world.db, slack.teamId)
  platform = home!
  const members = [people.owner, gus, farah, 'U0BOT00010']
  slack.addChannel({
    id: channel,
    name: 'production',
    kind: 'channel',
    archived: false,
    shared: false,
    members,
  })
  const wanted = { name: 'Production', policy: { alertChannel: 'production' } }
  production = must(
    await perform(world, { kind: 'operator', id: 'root' }, (act) =>
      addWorkspace(act, platform.accountId, wanted, world.random),
    ),
  )
})

const heardIn = (where: string, words: RegExp) =>
  house
    .as('owner')
    .waitFor((screen) => messagesIn(screen, where).findLast((one) => !one.threadTs && words.test(said(one))))

const memberOf = (workspace: Workspace, userId: string) =>
  house.world.db('members').where({ workspace_id: workspace.id, user_id: userId }).first('role', 'left_at')

test('a manager of one workspace decides nothing in another: not the keys, not who takes over, not the role', async () => {
  const { world } = house
  const as = await join(world, production.id, farah, 'owner')
  const payments = await ownedKey(world, as, 'Prod payments')
  await use(world, payments.id)
  const sync = await ownedKey(world, await join(world, platform.id, farah, 'manager'), 'Platform sync')
  await use(world, sync.id)
  const bruno = house.as('manager')
  const form = await openDialog(bruno, `offboard <@${farah}>`)
  expect(said(form.blocks)).toContain('Platform sync')
  expect(said(form.blocks)).not.toContain('Prod payments')
  expect(said(form.blocks)).toMatch(/1 key of Production follows Production’s own policy\./)
  expect(said(form.blocks)).toMatch(
    /U0FARAH006 keeps their role in Production\. Another owner there ends it: \/keys offboard @user in:Production\./,
  )
  const shown = await submitAndSee(bruno, form, { [sync.id]: 'rotate', successor: people.manager })
  expect(said(shown.blocks)).toMatch(/2 keys/)
  await bruno.close(shown.id)

  const report = await heardIn(security, /Offboarded U0FARAH006: 1 refused, 1 rotating/)
  expect(said(report)).toContain('Platform sync')
  expect(said(report)).not.toContain('Prod payments')
  expect(said(report)).toMatch(/1 key of Production followed Production’s own policy/)
  expect(said(report)).toMatch(/U0FARAH006 keeps their role in Production/)
  const byName = await keysByName(world)
  expect(byName['Platform sync']).toMatchObject({ status: 'active', owner_id: people.manager })
  expect(byName['Prod payments']).toMatchObject({
    status: 'inactive',
    owner_id: farah,
    successor_id: null,
  })
  expect(await world.db('keys').where({ workspace_id: production.id })).toHaveLength(1)
  expect(await memberOf(production, farah)).toEqual({ role: 'owner', left_at: null })
  expect(await memberOf(platform, farah)).toBeUndefined()
  const file = await bruno.waitFor((screen) =>
    messagesIn(screen, security).find((one) => one.threadTs === report.ts && one.files?.length),
  )
  expect(file.files).toHaveLength(1)
  const { rows } = await world.db.raw(`select count(*)::int as n from departures where user_id = ?`, [farah])
  expect(rows[0].n).toBe(1)
})

test('the other workspace hears what happened there, and what is left to do', async () => {
  const report = said(await heardIn(channel, /U0FARAH006/))
  expect(report).toMatch(
    /U0FARAH006 is being offboarded in .* by U0BRUNO002, who decides nothing in Production\./,
  )
  expect(report).toMatch(/Prod payments: deactivate/)
  expect(report).toMatch(/keeps their role in Production.*\/keys offboard @user in:Production/)
})

test('where their role stays they are still who they were; elsewhere they are refused', async () => {
  const leaver = person(house.slack.url, farah)
  expect(said(await answerTo(leaver, 'list in:Production'))).toContain('Prod payments')
  expect(said(await answerTo(leaver, `list in:${platform.name}`))).toMatch(/You have been offboarded/)
})

test('an owner there ends the role too, and from then on the leaver is refused there as well', async () => {
  await join(house.world, production.id, gus, 'owner')
  const owner = person(house.slack.url, gus)
  const form = await openDialog(owner, `offboard <@${farah}> in:Production`)
  expect(said(form.blocks)).toMatch(
    /U0FARAH006 is being offboarded already\. Their role in Production ends too\./,
  )
  const begun = await submitAndSee(owner, form, {})
  await owner.close(begun.id)
  await expect.poll(() => memberOf(production, farah), { timeout: 40_000 }).toBeUndefined()
  const leaver = person(house.slack.url, farah)
  expect(said(await answerTo(leaver, 'list in:Production'))).toMatch(/You have been offboarded/)
  const dialog = await openDialog(owner, `offboard <@${farah}> in:Production`)
  expect(dialog.submit).toBeUndefined()
  await owner.close(dialog.id)
})

test('an undo brings back the keys of the workspaces that whoever undoes is in charge of, and names no others', async () => {
  const { world } = house
  await ownedKey(world, await join(world, platform.id, emre, 'manager'), 'Emre here')
  await ownedKey(world, await join(world, production.id, emre, 'manager'), 'Emre there')
  await house.slack.setPerson(emre, { deleted: true })
  const report = await heardIn(security, /Offboarded U0EMRE0005: 2 refused/)
  expect(await findMember(world.db, production.id, emre)).toBeUndefined()
  const bruno = house.as('manager')
  await press(bruno, report, 'Undo')
  const { asked, undone } = await undoNow(bruno, 'Emre here')
  expect(said(asked.blocks)).not.toContain('Emre there')
  expect(said(undone.blocks)).toMatch(/Active again \(1\): Emre here\./)
  expect(said(undone.blocks)).not.toContain('Emre there')
  expect(said(undone.blocks)).toMatch(/1 key of other workspaces stays as it is/)
  expect(await keysByName(world)).toMatchObject({
    'Emre here': { status: 'active' },
    'Emre there': { status: 'inactive', owner_id: emre },
  })
  expect(findButton(undone.blocks, /./)).toBeUndefined()
})

test('somebody in charge of both decides in both', async () => {
  const { world } = house
  await join(world, production.id, people.owner, 'owner')
  const leaver = 'U0BOTH0001'
  await house.slack.addPerson({ ...house.slack.people()[5]!, id: leaver, name: 'both' })
  const here = await ownedKey(world, await join(world, platform.id, leaver, 'manager'), 'Both here')
  const there = await ownedKey(world, await join(world, production.id, leaver, 'owner'), 'Both there')
  const owner = house.as('owner')
  const form = await openDialog(owner, `offboard <@${leaver}>`)
  expect(said(form.blocks)).not.toMatch(/own policy|keeps their role/)
  await submitAndSee(owner, form, { [here.id]: 'revoke', [there.id]: 'revoke' })
  await heardIn(security, /Offboarded U0BOTH0001: 2 refused/)
  expect(await keysByName(world)).toMatchObject({
    'Both here': { status: 'revoked' },
    'Both there': { status: 'revoked' },
  })
  expect(await memberOf(production, leaver)).toBeUndefined()
  const dialog = await openDialog(owner, `offboard <@${leaver}>`)
  await pressIn(owner, dialog, 'Undo')
  await undoNow(owner)
})
