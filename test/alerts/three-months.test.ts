import type { Message } from 'local-slack/contract'
import { findButton, messagesIn, topModal } from 'local-slack/inspect'
import { advance } from 'local-slack/person'
import { beforeAll, expect, test } from 'vitest'
import { house, people, press, said, security, useHouse } from '../setup/house.ts'
import { type Planted, plant } from '../setup/plant.ts'

const dayMs = 86_400_000
const months = 90

/** Twelve keys as a house has them: most end within the quarter, two never do and fall due for rotation. */
const ends = [5, 12, 20, 33, 41, 55, 62, 70, 85, 88]
const names = [...ends.map((days) => `Ends on day ${days}`), 'Endless one', 'Endless two']

useHouse()
beforeAll(async () => {
  const { world, calendar } = house
  const now = calendar.now().getTime()
  const { id } = await world.db('workspaces').first('id')
  const ids = await plant(world, id, [
    ...ends.map((days, i): Planted => {
      const lifetimeDays = days > 60 ? 180 : 90
      const revealedAt = new Date(now - (lifetimeDays - days) * dayMs)
      return { name: names[i]!, lifetimeDays, revealedAt, ownerId: people.manager }
    }),
    { name: 'Endless one', revealedAt: new Date(now - 20 * dayMs) },
    { name: 'Endless two', revealedAt: new Date(now - 40 * dayMs) },
  ])
  const use = { requests: 900, first_used_at: new Date(now), last_used_at: new Date(now + months * dayMs) }
  await world.db('key_usage').insert(ids.map((key_id) => ({ key_id, ...use })))
  for (let days = 0; days < months; days += 5) await advance(house.slack.url, { advanceDays: 5 })
}, 600_000)

/** The messages that stand in the channel by themselves, without the digests of Mondays. */
async function parents(): Promise<Message[]> {
  const screen = await house.as('manager').screen()
  return messagesIn(screen, security).filter(
    (one) => !one.threadTs && !/^A calm week|^\d+ open findings?\./.test(said(one)),
  )
}

test('three months of twelve keys that nobody looks after are at most fifteen messages', async () => {
  const told = (await parents()).map(said)
  expect(told.length, told.join('\n')).toBeLessThanOrEqual(15)
  expect(told.length).toBeGreaterThan(8)
  for (const name of names)
    expect(told.filter((words) => words.includes(name)).length, name).toBeGreaterThan(0)
})

test('each of them names a key, or whom the review asks', async () => {
  for (const message of await parents())
    expect(said(message)).toMatch(/Ends on day \d+|Endless|Review of Platform/)
})

test('what is settled has no button, and each button of the others leads somewhere', async () => {
  const manager = house.as('manager')
  let pressed = 0
  for (const message of await parents()) {
    const words = said(message)
    const isOpen = /^(🔴|🟠|🔵)/.test(words) && !words.includes('✅')
    if (/✅/.test(words))
      expect(
        message.blocks.some(({ type }) => type === 'actions'),
        words,
      ).toBe(false)
    if (!isOpen) continue
    for (const label of ['Rotate', 'Deactivate', 'Snooze'].filter((one) => findButton(message.blocks, one))) {
      await press(manager, message, label)
      const dialog = await manager.waitFor((screen) => {
        const top = topModal(screen)
        return top && !/One moment|\w+ing\.\.\./.test(said(top.blocks)) && top
      })
      expect(said(dialog.blocks), `${label} of ${words}`).not.toMatch(/settled already|No such key|has ended/)
      await manager.close(dialog.id)
      pressed++
    }
  }
  expect(pressed).toBeGreaterThan(0)
})
