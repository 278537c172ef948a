import type { Fault, Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { put } from '../../src/notifications/outbox.ts'
import { said, security, type TestHouse, testHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'

let house: TestHouse
let posted: Message
beforeEach(async () => {
  house = await testHouse()
  const workspaceId = (await house.world.db('workspaces').first('id')).id
  await plant(house.world, workspaceId, [{ name: 'Ledger', endsInDays: 7 }])
  await house.keywarden.runTimetable()
  posted = await seen(({ threadTs, ...message }) => !threadTs && said(message as Message).includes('Ledger'))
})
afterEach(() => house.drop())

const seen = (is: (message: Message) => boolean): Promise<Message> =>
  house.as('manager').waitFor((screen) => messagesIn(screen, security).find(is))

const refuse = (method: string, error: string, times = 1_000) =>
  fetch(`${house.slack.url}/faults`, {
    method: 'POST',
    body: JSON.stringify({ method, error, times, kind: 'error', about: posted.ts } satisfies Fault),
  })

async function itGetsWorse(): Promise<void> {
  house.calendar.advance({ days: 4, minutes: 1 })
  await house.keywarden.runTimetable()
}

const parent = ({ ts }: Message) => ts === posted.ts
const reply = ({ threadTs }: Message) => threadTs === posted.ts

test('an alert is brought up to date in words where its new blocks are refused, and with blocks once they are taken', async () => {
  await refuse('chat.update', 'invalid_blocks', 1)
  await itGetsWorse()
  const plainly = await seen((message) => parent(message) && message.blocks.length === 0)
  expect(plainly.text).toMatch(
    /Ledger.* stops working on .*\nOwner: .*\n`tml_.*\nButtons cannot be shown here\. Type `\/keys show tml_/,
  )
  expect(said(await seen(reply))).toContain('Ledger stops working')
  house.calendar.advance({ days: 2, minutes: 0 })
  await house.keywarden.runTimetable()
  const whole = await seen((message) => parent(message) && message.blocks.length > 0)
  expect(findButton(whole.blocks, 'Rotate')).toBeDefined()
})

test.each(['invalid_blocks', 'edit_window_closed', 'brand_new_error'])(
  'an alert that Slack does not let be changed (%s) does not keep its thread from what happens',
  async (error) => {
    await refuse('chat.update', error)
    await itGetsWorse()
    expect(said(await seen(reply))).toContain('Ledger stops working')
    const outcomes = () =>
      house.world.db('outbox').where({ destination: 'channel:security-alerts' }).pluck('outcome')
    await expect.poll(outcomes).toEqual(['arrived', 'arrived'])
  },
)

test('a reply whose blocks are refused stands in the thread in words', async () => {
  await refuse('chat.postMessage', 'invalid_blocks', 1)
  await itGetsWorse()
  const plainly = await seen(reply)
  expect(plainly.blocks).toEqual([])
  expect(plainly.text).toMatch(/^(🔴|🟠) .* · .*Ledger.* stops working on <!date.* <@U0ADA00001>/)
})

test('where only an edit says what happened, and Slack lets nobody edit, the message has failed and owners see it', async () => {
  const { db, random } = house.world
  const [row] = await db('posted_messages').where({ ts: posted.ts })
  const { source, subject_id: subjectId, destination, workspace_id: workspaceId } = row
  await refuse('chat.update', 'edit_window_closed')
  // As if it showed something else.
  await db('posted_messages').where({ ts: posted.ts }).update({ hash: 'another' })
  const message = { workspaceId, source, subjectId, destination, mode: 'live' as const, step: 'only this' }
  await db.transaction((trx) => put(trx, [message], house.calendar.now(), random))
  const ended = async () => {
    await db('outbox').whereNull('completed_at').update({ retry_after: null })
    await house.keywarden.runTimetable()
    return (await db('outbox').where({ step: 'only this' }).first()).outcome
  }
  await expect.poll(ended, { timeout: 40_000 }).toBe('failed')
})
