import { expect, test } from 'vitest'
import {
  house,
  openDialog,
  people,
  said,
  security,
  setRole,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { recorded } from '../setup/seen.ts'

useHouse()

const days = (min: number, max: number) => `Enter a whole number of days from ${min} to ${max}.`

test('the dialog holds every term as it is, and every field says what is wrong with it', async () => {
  const owner = house.as('owner')
  const form = await openDialog(owner, 'policy')
  expect(form.values).toMatchObject({
    maximumLifetimeDays: { maximumLifetimeDays: '365' },
    rotationPeriodDays: { rotationPeriodDays: '90' },
    rotationWarningDays: { rotationWarningDays: '15' },
    idleDays: { idleDays: '60' },
    writeMustExpire: { writeMustExpire: 'enforce' },
    writeNeedsApproval: { writeNeedsApproval: 'no' },
    alertChannel: { alertChannel: security },
    timeZone: { timeZone: 'UTC' },
  })
  expect(
    await submit(owner, form, {
      maximumLifetimeDays: '0',
      rotationPeriodDays: 'ninety',
      rotationWarningDays: '1.5',
      idleDays: '99999999',
      timeZone: 'Mars/Olympus',
    }),
  ).toMatchObject({
    outcome: 'errors',
    errors: {
      maximumLifetimeDays: days(1, 3650),
      rotationPeriodDays: days(7, 730),
      rotationWarningDays: days(1, 90),
      idleDays: days(7, 365),
      timeZone: 'Enter an IANA time zone such as Europe/Berlin.',
    },
  })
  expect(
    await submit(owner, form, {
      maximumLifetimeDays: '365',
      rotationPeriodDays: '30',
      rotationWarningDays: '30',
      idleDays: '60',
      timeZone: 'UTC',
    }),
  ).toMatchObject({
    errors: { rotationWarningDays: 'Enter fewer days than the 30 between rotations.' },
  })
})

test('what is saved holds at the next dialog and stands in the audit; saving it unchanged does not', async () => {
  const owner = house.as('owner')
  const saved = await submitAndSee(owner, await openDialog(owner, 'policy'), {
    maximumLifetimeDays: '60',
    timeZone: 'Europe/Berlin',
  })
  expect(said(saved.blocks)).toContain('The policy of Platform is saved.')
  await owner.close(saved.id)
  const create = await openDialog(house.as('manager'), 'create')
  expect(said(create.blocks)).not.toContain('90 days')
  expect(create.values.expires).toEqual({ 'form.create.expires': '30' })
  await owner.close((await submitAndSee(owner, await openDialog(owner, 'policy'), {})).id)
  expect((await recorded(house, 'policy.set')).map((one) => one.details)).toEqual([
    { changes: { maximumLifetimeDays: [365, 60], timeZone: ['UTC', 'Europe/Berlin'] } },
  ])
})

test('approval for write is refused on its field while one person could approve', async () => {
  await setRole(house, people.manager, 'member')
  await setRole(house, people.otherManager, 'member')
  const owner = house.as('owner')
  const form = await openDialog(owner, 'policy')
  expect(await submit(owner, form, { writeNeedsApproval: 'yes' })).toMatchObject({
    errors: { writeNeedsApproval: expect.stringContaining('Add a manager or an owner first.') },
  })
  await setRole(house, people.manager, 'manager')
  expect(said((await submitAndSee(owner, form, { writeNeedsApproval: 'yes' })).blocks)).toContain('is saved')
})

test('of two owners who change it at once one is saved, and nothing of the other is lost silently', async () => {
  await setRole(house, people.otherManager, 'owner')
  const [one, two] = [house.as('owner'), house.as('otherManager')]
  const [first, second] = [await openDialog(one, 'policy'), await openDialog(two, 'policy')]
  expect(said((await submitAndSee(one, first, { idleDays: '30' })).blocks)).toContain('is saved')
  const refused = await submitAndSee(two, second, { rotationPeriodDays: '120' })
  expect(said(refused.blocks)).toContain('The policy changed while this was open. Open it again')
  const [workspace] = await house.world.db('workspaces').select('policy')
  expect(workspace.policy).toMatchObject({ idleDays: 30, rotationPeriodDays: 90 })
})

test('the alert channel is one of your own, not archived, and a private one says how to invite the bot', async () => {
  const owner = house.as('owner')
  let form = await openDialog(owner, 'policy')
  const complaint = async (alertChannel: string) => {
    form = await submitAndSee(owner, form, { alertChannel, idleDays: '77' })
    expect(form.values).toMatchObject({
      alertChannel: { alertChannel },
      idleDays: { idleDays: '77' },
    })
    return said(form.blocks)
  }
  expect(await complaint('C0GLOBEX01')).toContain('Alert channel: That channel is shared with another')
  expect(await complaint('C0OLDNEWS1')).toContain('Alert channel: That channel is archived.')
  const last = await complaint('C0LEADS001')
  expect(last).toContain('/invite @Keywarden')
  expect(last).not.toContain('archived')
})

test('the bot joins the public channel that was chosen', async () => {
  const owner = house.as('owner')
  const saved = await submitAndSee(owner, await openDialog(owner, 'policy'), { alertChannel: 'C0RANDOM01' })
  expect(said(saved.blocks)).not.toContain('/invite')
  const random = house.slack.channels().find((one) => one.id === 'C0RANDOM01')!
  expect(random.members).toContain(house.slack.botUserId)
})

test('a manager reads whom to ask, and a dialog that outlives the role is refused', async () => {
  const manager = house.as('manager')
  expect(said((await openDialog(manager, 'policy')).blocks)).toMatch(
    /Only owners set policy\. Ask U0ADA00001/,
  )
  const owner = house.as('otherManager')
  const form = await openDialog(owner, 'policy')
  await setRole(house, people.otherManager, 'manager')
  expect(said((await submitAndSee(owner, form, { idleDays: '90' })).blocks)).toContain(
    'Only owners set policy.',
  )
})
