import type { Fault } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { people, said, security, type TestHouse, testHouse } from '../setup/house.ts'
import { type Planted, plant } from '../setup/plant.ts'

let house: TestHouse
let workspaceId: string
beforeEach(async () => {
  house = await testHouse()
  workspaceId = (await house.world.db('workspaces').first('id')).id
  // The owners' welcome is out of the way before anything is made to fail.
  await everythingDelivered()
})
afterEach(() => house.drop())

const soon = (name: string): Planted => ({ name, endsInDays: 7 })

async function fault(wanted: Fault): Promise<void> {
  await fetch(`${house.slack.url}/faults`, { method: 'POST', body: JSON.stringify(wanted) })
}

/** Messages that are not completed. */
const waiting = async () =>
  Number((await house.world.db('outbox').whereNull('completed_at').count('* as n'))[0]!.n)

async function everythingDelivered(): Promise<void> {
  await expect.poll(waiting, { timeout: 40_000, interval: 50 }).toBe(0)
}

const alerts = async (name: string) =>
  messagesIn(await house.as('manager').screen(), security).filter((message) => said(message).includes(name))

test('a reply that is lost after Slack took the post leads to no second message', async () => {
  await fault({ method: 'chat.postMessage', times: 1, kind: 'drop_after' })
  await plant(house.world, workspaceId, [soon('Lost reply')])
  await house.keywarden.runTimetable()
  await expect
    .poll(async () => house.world.db('outbox').whereNotNull('last_error').pluck('last_error'))
    .toEqual([expect.stringMatching(/request error/)])
  await everythingDelivered()
  expect(await alerts('Lost reply')).toHaveLength(1)
})

test('a post that never reached Slack is sent again, once', async () => {
  await fault({ method: 'chat.postMessage', times: 1, kind: 'drop_before' })
  await plant(house.world, workspaceId, [soon('Never arrived')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  expect(await alerts('Never arrived')).toHaveLength(1)
})

test('each of many in one message has one reply, whatever is dropped on the way', async () => {
  const names = ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon']
  await fault({ method: 'chat.postMessage', times: 2, kind: 'drop_after' })
  await plant(house.world, workspaceId, names.map(soon))
  await house.keywarden.runTimetable()
  await everythingDelivered()
  const all = messagesIn(await house.as('manager').screen(), security)
  expect(all.filter((message) => !message.threadTs)).toHaveLength(1)
  for (const name of names)
    expect(all.filter((message) => message.threadTs && said(message).includes(`${name} stops`))).toHaveLength(
      1,
    )
})

test('a channel that is limited waits as long as it was told, and keeps its order', async () => {
  await fault({ method: 'chat.postMessage', times: 1, kind: 'ratelimited', retryAfterSeconds: 6 })
  const started = performance.now()
  await plant(house.world, workspaceId, [soon('First')])
  await house.keywarden.runTimetable()
  await plant(house.world, workspaceId, [soon('Second')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  expect(performance.now() - started).toBeGreaterThan(6_000)
  const [first, second] = [(await alerts('First'))[0]!, (await alerts('Second'))[0]!]
  expect(Number(first.ts)).toBeLessThan(Number(second.ts))
})

test('when the channel is archived the owners hear it in their messages, with one word about what to do', async () => {
  await plant(house.world, workspaceId, [soon('Before')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  await house.slack.archiveChannel(security)
  for (const name of ['After one', 'After two']) {
    await plant(house.world, workspaceId, [soon(name)])
    await house.keywarden.runTimetable()
  }
  await everythingDelivered()
  const owner = house.as('owner')
  const dm = messagesIn(await owner.screen(), house.slack.dmOf(people.owner).id).map(said)
  const lost = dm.filter((text) => text.includes('I cannot post alerts in #security-alerts any more'))
  expect(lost).toEqual([expect.stringContaining('/invite @Keywarden')])
  expect(dm.filter((text) => text.includes('After one'))).toHaveLength(1)
  expect(dm.filter((text) => text.includes('After two'))).toHaveLength(1)
})

test('an alert that changed while its channel was archived shows it once the channel is back', async () => {
  const [id] = await plant(house.world, workspaceId, [soon('Before')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  await house.slack.archiveChannel(security)
  await house.world.db('keys').where({ id }).update({ status: 'revoked' })
  await house.keywarden.runTimetable()
  await everythingDelivered()
  expect(findButton((await alerts('Before'))[0]!.blocks, 'Rotate')).toBeDefined()
  await house.slack.archiveChannel(security, false)
  await plant(house.world, workspaceId, [soon('After')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  await expect
    .poll(async () => findButton((await alerts('Before'))[0]!.blocks, 'Rotate'), { timeout: 40_000 })
    .toBeUndefined()
})

test('a channel that the bot was taken out of is not joined again; the owners hear it', async () => {
  await plant(house.world, workspaceId, [soon('Before')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  await house.slack.removeFromChannel(security, house.slack.botUserId)
  await plant(house.world, workspaceId, [soon('Thrown out')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  expect(house.slack.channels().find(({ id }) => id === security)!.members).not.toContain(
    house.slack.botUserId,
  )
  const dm = messagesIn(await house.as('owner').screen(), house.slack.dmOf(people.owner).id).map(said)
  expect(dm.filter((text) => text.includes('I was taken out of it'))).toHaveLength(1)
  expect(dm.filter((text) => text.includes('Thrown out'))).toHaveLength(1)
})

test('a message that somebody deleted is posted anew when there is more to say', async () => {
  const manager = house.as('manager')
  await plant(house.world, workspaceId, [soon('Deleted')])
  await house.keywarden.runTimetable()
  await everythingDelivered()
  const [posted] = await alerts('Deleted')
  await fetch(`${house.slack.apiUrl}chat.delete`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house.slack.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel: security, ts: posted!.ts }),
  })
  house.calendar.advance({ days: 4, minutes: 1 })
  await house.keywarden.runTimetable()
  await everythingDelivered()
  const anew = messagesIn(await manager.screen(), security).filter(
    (message) => !message.threadTs && said(message).includes('Deleted stops working'),
  )
  expect(anew).toHaveLength(1)
})
