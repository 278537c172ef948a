import { messagesIn, textOf } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { callPlatform, house, makeKey, openDialog, said, security, submit, submitAndSee, useHouse } from '../setup/house.ts'
import { dialogWith, recorded, setPolicyOf } from '../setup/seen.ts'

useHouse()

const alertAbout = (words: RegExp) =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find((message) => !message.threadTs && words.test(said(message))),
    )

test('a member reports a key by its token: the report names only what is theirs, and the alert says where, by whom and what to do', async () => {
  const token = await makeKey(house.as('manager'), { name: 'Salesforce CRM' })
  const member = house.as('member')
  const form = await openDialog(member, 'leaked')
  const done = await submitAndSee(member, form, { tokens: `API_KEY=${token}\nand text`, where: `https://example.com/gist#${token}` })
  expect(said(done.blocks)).not.toContain('Salesforce')
  const alert = await alertAbout(/Salesforce CRM has leaked/)
  expect(said(alert)).toContain('It still works.')
  console.log(textOf(alert.blocks))
  console.log(said(done.blocks))
  expect(await callPlatform(house, token)).toBe(200)
})
