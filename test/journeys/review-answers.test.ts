import type { Message } from 'local-slack/contract'
import { beforeAll, expect, test } from 'vitest'
import { answerTo, house, people, press, said, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { directMessages, received, recorded } from '../setup/seen.ts'

useHouse()
beforeAll(async () => {
  const { id } = await house.world.db('workspaces').first('id')
  const revealedAt = new Date(house.calendar.now().getTime() - 200 * 86_400_000)
  await plant(house.world, id, [
    { name: 'Mailings', ownerId: people.member, revealedAt },
    { name: 'Old pilot', ownerId: people.manager, revealedAt },
  ])
  await answerTo(house.as('manager'), 'review start')
  await house.keywarden.runTimetable()
})

const shownTo = async (label: string, words: RegExp): Promise<Message> => {
  const dana = house.as('member')
  await press(dana, await received(dana, /keys? in Platform/), label)
  return received(dana, words)
}

test('an owner who pressed Not needed any more by mistake takes it back in the same message', async () => {
  const answered = await shownTo('Not needed any more', /answered: 0 still needed, 1 not/)
  expect(said(answered)).toContain('Mailings: not needed any more; it will be flagged.')
  const again = await shownTo('Needed after all', /answered: 1 still needed, 0 not/)
  expect(again.ts).toBe(answered.ts)
  expect(said(again)).not.toContain('flagged')
  expect(await recorded(house, 'key.confirmed-needed', 'Mailings')).toHaveLength(1)
  expect(directMessages(await house.as('member').screen()).some((one) => /flagged/.test(said(one)))).toBe(
    false,
  )
})

test('the dry run lists a key once that is idle and unconfirmed', async () => {
  house.calendar.advance({ days: 15, minutes: 0 })
  await house.keywarden.runTimetable()
  const dry = said(await answerTo(house.as('manager'), 'review dry run'))
  expect(dry).toMatch(/this key would be: 1 idle, 1 unconfirmed\./)
  expect(dry).toMatch(/Old pilot .*, idle and unconfirmed:/)
  expect(dry.match(/Old pilot/g)).toHaveLength(1)
})
