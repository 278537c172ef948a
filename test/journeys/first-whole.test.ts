import { messagesIn, topModal } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import {
  answerTo,
  callPlatform,
  counted,
  general,
  house,
  makeKey,
  openDialog,
  press,
  said,
  security,
  submit,
  submitAndSee,
  tokenIn,
  useHouse,
} from '../setup/house.ts'

useHouse()

test('a key is issued, shown once, used, paused, resumed and revoked, and every next request obeys', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const shown = await submitAndSee(manager, form, {
    name: 'Salesforce CRM',
    description: 'Syncs contacts',
    scopes: ['read'],
    expires: '30',
  })
  expect(shown.title).toBe('Copy your key')
  const token = tokenIn(shown.blocks)
  expect(await callPlatform(house, token)).toBe(200)
  await counted(house, 1)

  const list = said(await answerTo(manager, 'list'))
  expect(list).toContain('Salesforce CRM')
  expect(list).toContain(`${token.slice(0, 8)}...`)
  expect(list).toMatch(/● Active · last used: .* · expires .* · 1 request in all · <@U0BRUNO002>/)

  const pause = await openDialog(manager, 'deactivate Salesforce CRM')
  expect(said((await submitAndSee(manager, pause, {})).blocks)).toContain('Deactivated')
  expect(await callPlatform(house, token)).toBe(401)

  expect(said(await answerTo(manager, 'activate "salesforce crm"'))).toMatch(
    /It works again\.|Some servers may still refuse it/,
  )
  await expect.poll(() => callPlatform(house, token)).toBe(200)

  const end = await openDialog(manager, 'revoke Salesforce CRM')
  expect(await submit(manager, end, { confirm: 'something else' })).toMatchObject({
    outcome: 'errors',
    errors: { confirm: `That does not match Salesforce CRM or ${token.slice(4, 8)}.` },
  })
  expect(said((await submitAndSee(manager, end, { confirm: 'salesforce crm' })).blocks)).toContain('Revoked')
  expect(await callPlatform(house, token)).toBe(401)
  const again = await answerTo(manager, 'activate Salesforce CRM')
  expect(said(again)).toMatch(/revoked Salesforce CRM on/)
})

test('a member is refused in a sentence that names who can', async () => {
  await makeKey(house.as('manager'), { name: 'Zapier' })
  const member = house.as('member')
  const refusedCreate = await openDialog(member, 'create')
  expect(said(refusedCreate.blocks)).toMatch(/Only managers and owners create keys\.\s+Ask/)
  expect(refusedCreate.submit).toBeUndefined()
  for (const verb of ['deactivate', 'revoke']) {
    const refused = await openDialog(member, `${verb} Zapier`)
    expect(said(refused.blocks)).toContain(`Only managers and owners ${verb} keys.`)
  }
})

test('a key is not alerted when it is made; when it expires in a week, that is told in the security channel once, and Deactivate there ends it', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Weekly sync', expires: '8' })
  await house.keywarden.runTimetable()
  expect(
    messagesIn(await manager.screen(), security)
      .map(said)
      .join(),
  ).not.toContain('Weekly sync')
  house.calendar.advance({ days: 1, minutes: 0 })
  await house.keywarden.runTimetable()
  await house.keywarden.runTimetable()
  const alert = await manager.waitFor((screen) =>
    messagesIn(screen, security).find((message) => said(message).includes('Weekly sync')),
  )
  expect(said(alert)).toMatch(/stops working on/)
  await press(manager, alert, 'Deactivate')
  const dialog = await manager.waitFor((screen) => (topModal(screen)?.submit ? topModal(screen) : undefined))
  await submitAndSee(manager, dialog, {})
  expect(await callPlatform(house, token)).toBe(401)
  const edited = await manager.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => message.ts === alert.ts && said(message).includes('deactivated Weekly sync on'),
    ),
  )
  expect(edited.blocks.some((block) => block.type === 'actions')).toBe(false)
  const about = messagesIn(await manager.screen(), security).filter(
    (message) => !message.threadTs && said(message).includes('Weekly sync'),
  )
  expect(about).toHaveLength(1)
})

test('nothing that only one person should see is in the channel for others', async () => {
  const others = messagesIn(await house.as('otherMember').screen(), general)
  expect(others.map(said).join('\n')).not.toMatch(/tml_/)
})
