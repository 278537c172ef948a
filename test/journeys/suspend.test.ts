import { findButton, messagesIn } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  answerTo,
  callPlatform,
  general,
  house,
  makeKey,
  openDialog,
  press,
  said,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { dialogWith } from '../setup/seen.ts'

useHouse()

test('an owner suspends a workspace by typing its name, with a receipt, and resumes it; nobody else may', async () => {
  const [owner, manager] = [house.as('owner'), house.as('manager')]
  const token = await makeKey(manager, { name: 'Stopped' })
  expect(said((await openDialog(manager, 'suspend')).blocks)).toContain(
    'Only owners suspend and resume workspaces.',
  )
  const form = await openDialog(owner, 'suspend')
  expect(said(form.blocks)).toMatch(/1 active key of ?Platform ?will be refused at once/)
  expect(await submit(owner, form, { confirm: 'Plat' })).toMatchObject({
    errors: { confirm: 'That does not match Platform.' },
  })
  await submit(owner, form, { confirm: 'platform', reason: 'Breach' })
  const done = await dialogWith(owner, 'Workspace suspended')
  expect(said(done.blocks)).toMatch(
    /Suspended ?Platform ?: all its keys are refused .* 1 of 1 server confirmed/,
  )
  expect(await callPlatform(house, String(token))).toBe(401)
  expect(findButton(done.blocks, 'Resume workspace')).toBeDefined()
  await owner.close(done.id)
  await submitAndSee(manager, await openDialog(manager, 'deactivate Stopped'), {})
  expect(said(await answerTo(manager, 'activate Stopped'))).toBe(
    'Activated Stopped. It works once the workspace is resumed.',
  )
  expect(findButton((await answerTo(manager, 'inbox')).blocks, 'Resume workspace')).toBeUndefined()
  const inbox = await answerTo(owner, 'inbox')
  expect(said(inbox)).toContain('is suspended since')
  await press(owner, inbox, 'Resume workspace')
  await owner.waitFor((screen) =>
    messagesIn(screen, general).find((one) => said(one).includes('its keys are as they were')),
  )
  await expect.poll(() => callPlatform(house, String(token))).toBe(200)
  expect(said(await answerTo(owner, 'resume'))).toContain('is not suspended')
})
