import { expect, test } from 'vitest'
import { leak, leaked } from '../../sandbox/demo/leak.ts'
import { messagesIn } from '../../sandbox/slack/look.ts'
import { house, makeKey, said, security, useHouse } from '../setup/house.ts'
import { plantTraffic } from '../watch/traffic.ts'

const dayMs = 86_400_000

useHouse()

test("the demo's leak is alerted in one piece when it begins seconds before five minutes are over, at midnight", async () => {
  const { calendar, world } = house
  const token = await makeKey(house.as('manager'), { name: leaked })
  const { id } = await world.db('keys').where({ name: leaked }).first('id')
  const midnight = new Date('2026-11-26T00:00:00Z')
  const from = new Date(midnight.getTime() - 34 * dayMs)
  // Thirteen requests in five minutes of the office hours of each day, as the demo's past has them.
  await plantTraffic(world.db, id, from, midnight, (minute) => (minute === 9 * 60 + 35 ? 13 : 0))
  const moveTo = (seconds: number) =>
    calendar.advance({
      days: 0,
      minutes: (midnight.getTime() - seconds * 1000 - calendar.now().getTime()) / 60_000,
    })
  moveTo(600)
  await house.keywarden.runTimetable()
  moveTo(0.5)
  await leak(house, [{ name: leaked, token }])
  const alert = await house
    .as('manager')
    .waitFor((screen) => messagesIn(screen, security).find((message) => said(message).includes(leaked)))
  expect(said(alert)).toContain('1,200 requests in five minutes, 92 × its busiest five minutes in 3')
})
