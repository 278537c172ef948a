import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { calls, fault } from 'local-slack/person'
import { beforeAll, expect, test, vi } from 'vitest'
import { historyScopes } from '../../src/foundation/slack.ts'
import {
  house,
  makeKey,
  openDialog,
  people,
  said,
  security,
  setRole,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { plant } from '../setup/plant.ts'

useHouse({ env: { KEYWARDEN_SLACK_HISTORY: 'off' } })
beforeAll(() => {
  for (const scope of historyScopes) house.slack.withdrawScope(scope)
})

/** The messages of the channel with this text, at the top or in threads. */
async function posted(pattern: RegExp): Promise<Message[]> {
  const screen = await house.as('manager').screen()
  return messagesIn(screen, security).filter((message) => pattern.test(said(message)))
}

/** Everything that waits is tried at once, instead of after real seconds, until there are so many messages. */
async function waitForPosted(count: number, pattern: RegExp): Promise<void> {
  const { db } = house.world
  await vi.waitUntil(
    async () => {
      await db('outbox').whereNull('completed_at').update({ retry_after: null })
      await house.keywarden.runTimetable()
      return (await posted(pattern)).length >= count
    },
    { timeout: 40_000, interval: 100 },
  )
  expect(await posted(pattern)).toHaveLength(count)
}

const loseAnswer = (about: string) =>
  fault(house.slack.url, { method: 'chat.postMessage', times: 1, kind: 'drop_after', about })

test('an alert whose answer was lost is sent again, and both messages stay', async () => {
  await loseAnswer('Lost alert')
  const { id } = await house.world.db('workspaces').first('id')
  await plant(house.world, id, [{ name: 'Lost alert', endsInDays: 7 }])
  await waitForPosted(2, /Lost alert.* stops working/)
})

test('a rotation whose answer was lost is posted again, and both messages stay', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Lost rotation' })
  // Its owner gets a direct message about it too.
  await loseAnswer('a new key replaces')
  await manager.close((await submitAndSee(manager, await openDialog(manager, 'rotate Lost rotation'), {})).id)
  await waitForPosted(2, /replaces.*Lost rotation|Lost rotation.*replaces/)
})

test('an offboarding whose answer was lost is posted again, and both messages stay', async () => {
  await setRole(house, people.otherMember, 'manager')
  await loseAnswer(people.otherMember)
  const owner = house.as('owner')
  const form = await openDialog(owner, `offboard <@${people.otherMember}>`)
  await owner.close((await submitAndSee(owner, form, {})).id)
  await waitForPosted(2, new RegExp(`Offboard.*${people.otherMember}`))
})

test('Slack’s history was never asked for', async () => {
  const methods = (await calls(house.slack.url)).map(({ method }) => method)
  expect(methods).toContain('chat.postMessage')
  expect(methods.filter((method) => /history|replies/.test(method))).toEqual([])
})
