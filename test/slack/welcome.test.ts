import { messagesIn } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { house, people, said, useHouse } from '../setup/house.ts'

useHouse()

const welcomes = async (who: 'owner' | 'manager') => {
  const screen = await house.as(who).screen()
  return messagesIn(screen, house.slack.dmOf(people[who]).id).filter((one) =>
    said(one).includes('Keywarden is ready'),
  )
}

test('the first owner is welcomed once, with a short guide, and nobody else is', async () => {
  await expect.poll(() => welcomes('owner').then((all) => all.length)).toBe(1)
  const [guide] = await welcomes('owner')
  for (const command of ['/keys policy', '/keys roles', '/keys create', '/keys connect', '/keys help'])
    expect(said(guide!)).toContain(command)
  expect(said(guide!)).toContain('#security-alerts')
  await house.keywarden.runTimetable()
  expect(await welcomes('owner')).toHaveLength(1)
  expect(await welcomes('manager')).toEqual([])
})
