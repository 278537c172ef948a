import { afterAll, beforeAll, expect, test } from 'vitest'
import { clickFor } from '../../src/slack/routes.ts'
import { allWorkspaces } from '../../src/workspaces/workspace.ts'
import { house, makeKey, people, useHouse } from '../setup/house.ts'
import { openWire } from './wire.ts'

let wire: Awaited<ReturnType<typeof openWire>>
useHouse({ mode: 'http' })
beforeAll(async () => {
  wire = await openWire(house)
})
afterAll(() => wire.stop())

/** Buttons that messages in channels carry since they were first posted. An id that goes takes its route here. */
const posted = [
  ...['take', 'snooze', 'wake', 'assign', 'ask', 'needed', 'quarantine', 'expected'].map(
    (id) => `alert.${id}`,
  ),
  ...['list.turn', 'list.turn.next', 'go.rotate', 'key.reveal', 'request.approve', 'request.deny'],
  ...['rotation.finish', 'rotation.abort', 'rotation.extend', 'rotation.reveal', 'offboard.undo'],
]

test('every button of a message that was posted before has its route', () => {
  const value = (id: string) => (id.startsWith('go.') ? 'rotate key_x' : 'key_x')
  expect(posted.filter((id) => !clickFor(id, value(id)))).toEqual([])
})

test('a list that was posted when its filter had another name still turns', async () => {
  await makeKey(house.as('manager'), { name: 'Of the manager' })
  const [workspace] = await allWorkspaces(house.world.db)
  const value = `${workspace!.id}/${JSON.stringify({ filter: { state: 'mine' }, from: 0 })}`
  const sender = { id: people.manager, team: house.slack.teamId }
  const answer = await wire.click(sender, 'list.turn.next', value)
  expect(answer).toContain('Of the manager')
  expect(answer).not.toContain('another version')
})
