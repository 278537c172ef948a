import { controlsIn, findBeside } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { readPolicy } from '../../src/policy/policy.ts'
import {
  house,
  openDialog,
  people,
  pressIn,
  said,
  security,
  setRole,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, recorded } from '../setup/seen.ts'

useHouse()

const days = (min: number, max: number) => `Enter a whole number of days from ${min} to ${max}.`

test('the policy is one screen of sections: each says what it holds, opens its form, and leads back', async () => {
  const owner = house.as('owner')
  const overview = await openDialog(owner, 'policy')
  const words = said(overview.blocks)
  expect(words).toContain(
    'Keys with write must expire; no longest lifetime. A new key with write needs no approval.',
  )
  expect(words).toContain('Due every 90 days, with a warning 15 days before. Idle after 60 days: flagged.')
  expect(words).toContain('Every 90 days; owners answer within 14 days. Not confirmed: flagged.')
  expect(words).toMatch(
    /After a preview: rotate busy keys, revoke quiet ones\. Automatically: deactivate all\./,
  )
  expect(words).toContain('Use that looks like a leak: only reported.')
  expect(words).toContain('An alert, and people decide.')
  const buttons = controlsIn(overview.blocks)
  expect(buttons).toHaveLength(6)
  const shown = new Set<string>()
  for (const section of [
    'New keys',
    'Rotation and idle keys',
    'Review',
    'When somebody is leaving',
    'Alerts',
  ]) {
    const all = await dialogWith(owner, 'Policy', 'Due every')
    await owner.click({ at: { view: all.id }, ...findBeside(all.blocks, section)! })
    const form = await dialogWith(owner, 'Policy', `${section} Platform`)
    expect(form.submit).toBe('Save policy')
    for (const rule of Object.keys(form.values)) shown.add(rule)
    await pressIn(owner, form, 'All sections')
  }
  const [workspace] = await house.world.db('workspaces').select('policy')
  const rules = Object.keys(readPolicy(workspace.policy))
  expect([...shown, 'leaked', 'watchedChannels'].sort()).toEqual(rules.sort())
  await owner.close((await dialogWith(owner, 'Policy', 'Due every')).id)
})

test('a section shows its terms as they are, and every field says what is wrong with it', async () => {
  const owner = house.as('owner')
  const keys = await openDialog(owner, 'policy keys')
  expect(keys.values).toMatchObject({
    maximumLifetimeDays: { maximumLifetimeDays: '0' },
    mustExpire: { mustExpire: 'write' },
    writeNeedsApproval: { writeNeedsApproval: 'no' },
  })
  expect(await submit(owner, keys, { maximumLifetimeDays: '3651' })).toMatchObject({
    errors: { maximumLifetimeDays: 'Enter a whole number of days from 1 to 3650, or 0 for no limit.' },
  })
  await owner.close(keys.id)
  const alerts = await openDialog(owner, 'policy alerts')
  expect(alerts.values).toMatchObject({
    alertChannel: { alertChannel: security },
    timeZone: { timeZone: 'UTC' },
  })
  expect(await submit(owner, alerts, { timeZone: 'Mars/Olympus' })).toMatchObject({
    errors: { timeZone: 'Enter an IANA time zone such as Europe/Berlin.' },
  })
  await owner.close(alerts.id)
  const form = await openDialog(owner, 'policy rotation')
  expect(form.values).toMatchObject({
    rotationPeriodDays: { rotationPeriodDays: '90' },
    rotationWarningDays: { rotationWarningDays: '15' },
    idleDays: { idleDays: '60' },
  })
  expect(
    await submit(owner, form, {
      rotationPeriodDays: 'ninety',
      rotationWarningDays: '1.5',
      idleDays: '99999999',
    }),
  ).toMatchObject({
    outcome: 'errors',
    errors: {
      rotationPeriodDays: days(7, 730),
      rotationWarningDays: days(1, 90),
      idleDays: days(7, 365),
    },
  })
  expect(
    await submit(owner, form, { rotationPeriodDays: '30', rotationWarningDays: '30', idleDays: '60' }),
  ).toMatchObject({
    errors: { rotationWarningDays: 'Enter fewer days than the 30 between rotations.' },
  })
})

test('what is saved holds at the next dialog and stands in the audit, other sections stay, and saving unchanged is nothing', async () => {
  const owner = house.as('owner')
  const saved = await submitAndSee(owner, await openDialog(owner, 'policy keys'), {
    maximumLifetimeDays: '60',
  })
  expect(said(saved.blocks)).toContain('The policy of Platform is saved.')
  expect(said(saved.blocks)).toContain('at most 60 days')
  await owner.close(saved.id)
  const zone = await submitAndSee(owner, await openDialog(owner, 'policy alerts'), {
    timeZone: 'Europe/Berlin',
  })
  await owner.close(zone.id)
  const create = await openDialog(house.as('manager'), 'create')
  expect(said(create.blocks)).not.toContain('90 days')
  expect(create.values.expires).toEqual({ 'form.create.expires': '30' })
  await owner.close((await submitAndSee(owner, await openDialog(owner, 'policy review'), {})).id)
  expect((await recorded(house, 'policy.set')).map((one) => one.details.changes).reverse()).toEqual(
    expect.arrayContaining([{ maximumLifetimeDays: [0, 60] }, { timeZone: ['UTC', 'Europe/Berlin'] }]),
  )
  expect(await recorded(house, 'policy.set')).toHaveLength(2)
})

test('approval for write is refused on its field while one person could approve', async () => {
  await setRole(house, people.manager, 'member')
  await setRole(house, people.otherManager, 'member')
  const owner = house.as('owner')
  const form = await openDialog(owner, 'policy keys')
  expect(await submit(owner, form, { writeNeedsApproval: 'yes' })).toMatchObject({
    errors: { writeNeedsApproval: expect.stringContaining('Add a manager or an owner first.') },
  })
  await setRole(house, people.manager, 'manager')
  expect(said((await submitAndSee(owner, form, { writeNeedsApproval: 'yes' })).blocks)).toContain('is saved')
})

test('of two owners who change it at once one is saved, and nothing of the other is lost silently', async () => {
  await setRole(house, people.otherManager, 'owner')
  const [one, two] = [house.as('owner'), house.as('otherManager')]
  const [first, second] = [await openDialog(one, 'policy rotation'), await openDialog(two, 'policy rotation')]
  expect(said((await submitAndSee(one, first, { idleDays: '30' })).blocks)).toContain('is saved')
  const refused = await submitAndSee(two, second, { rotationPeriodDays: '120' })
  expect(said(refused.blocks)).toContain('The policy changed while this was open. Open it again')
  const [workspace] = await house.world.db('workspaces').select('policy')
  expect(workspace.policy).toMatchObject({ idleDays: 30, rotationPeriodDays: 90 })
})

test('the alert channel is one of your own, not archived, and a private one says how to invite the bot', async () => {
  const owner = house.as('owner')
  let form = await openDialog(owner, 'policy alerts')
  const complaint = async (alertChannel: string) => {
    form = await submitAndSee(owner, form, { alertChannel, timeZone: 'Europe/Rome' })
    expect(form.values).toMatchObject({
      alertChannel: { alertChannel },
      timeZone: { timeZone: 'Europe/Rome' },
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
  const saved = await submitAndSee(owner, await openDialog(owner, 'policy alerts'), {
    alertChannel: 'C0RANDOM01',
  })
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
  const form = await openDialog(owner, 'policy rotation')
  await setRole(house, people.otherManager, 'manager')
  expect(said((await submitAndSee(owner, form, { idleDays: '90' })).blocks)).toContain(
    'Only owners set policy.',
  )
})
