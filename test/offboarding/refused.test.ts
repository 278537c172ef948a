import type { Fault, Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { calls } from 'local-slack/person'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openWebClient } from '../../src/foundation/slack.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { slackChannel } from '../../src/slack/post-messages.ts'
import { sources } from '../../src/slack/sources.ts'
import { house, openDialog, people, said, security, submitAndSee, useHouse } from '../setup/house.ts'
import { received } from '../setup/seen.ts'
import { join, ownedKey, use } from './leavers.ts'

let watching: { stop(): Promise<void> }
useHouse({ roles: ['bot', 'verify'] })
beforeAll(() => {
  watching = startWatching(house.world)
})
afterAll(() => watching.stop())

const refuse = (method: string, how: Partial<Fault>) =>
  fetch(`${house.slack.url}/faults`, {
    method: 'POST',
    body: JSON.stringify({ method, times: 1_000, kind: 'error', ...how } satisfies Fault),
  })

let leavers = 0
/** Somebody with these keys, who is offboarded from Slack; their id. */
async function leaves(keys: readonly string[]): Promise<string> {
  const id = `U0LEAVES${leavers++}`
  await house.slack.addPerson({ ...house.slack.people()[5]!, id, name: id.toLowerCase() })
  const { id: workspaceId } = await house.world.db('workspaces').first('id')
  const actor = await join(house.world, workspaceId, id, 'manager')
  for (const name of keys) {
    const key = await ownedKey(house.world, actor, name)
    if (name.startsWith('Busy')) await use(house.world, key.id)
  }
  const owner = house.as('owner')
  const form = await openDialog(owner, `offboard <@${id}>`)
  await owner.close((await submitAndSee(owner, form, { successor: people.member })).id)
  return id
}

/** Everything that waits is tried at once, over and over, instead of after real seconds, until this is so. */
async function workUntil<T>(fact: () => Promise<T | undefined | false>): Promise<T> {
  const channel = slackChannel(openWebClient(house.world), house.world.log)
  return vi.waitUntil(
    async () => {
      await house.world.db('outbox').whereNull('completed_at').update({ retry_after: null })
      await carryOut(house.world)
      await deliverWaiting({ world: house.world, channel, sources })
      return fact()
    },
    { timeout: 40_000 },
  ) as Promise<T>
}

const report = (userId: string, pattern: RegExp): Promise<Message> =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find(
        (message) => !message.threadTs && said(message).includes(userId) && pattern.test(said(message)),
      ),
    )

const fileBelow = ({ ts }: Message) =>
  messagesInSecurity().then((all) => all.find((one) => one.threadTs === ts && one.files?.length))

const messagesInSecurity = async () => messagesIn(await house.as('manager').screen(), security)

test.each([
  ['plan', ['plan']],
  ['task card', ['task_card']],
])(
  'where Slack takes no %s, an offboarding is followed and reported in words, with its file',
  async (what, types) => {
    house.slack.refuseBlocks(types)
    const leaver = await leaves([`Busy sync ${what}`, `Quiet script ${what}`])
    const done = await report(leaver, /Offboarded .*: 1 refused, 1 rotating/)
    expect(done.blocks).toEqual([])
    expect(done.text).toMatch(new RegExp(`^Offboarded <@${leaver}>: `))
    expect(done.text).toMatch(/\n• .*Quiet script.*: revoked\. 1 of 1 server confirmed/)
    expect(done.text).toMatch(
      /\n• .*Busy sync.*: rotating; owner is now <@U0DANA0004>; old key works until <!date/,
    )
    expect(done.text).toMatch(/Asked for by <@U0ADA00001> on <!date/)
    expect(done.text).toContain('Type `/keys offboard @person` instead.')
    await vi.waitUntil(() => fileBelow(done), { timeout: 40_000 })
    house.slack.refuseBlocks([])
  },
)

test('whoever takes over hears in words which keys wait, where buttons are refused', async () => {
  house.slack.refuseBlocks(['actions'])
  await leaves(['Busy offer'])
  const offer = await received(house.as('member'), 'Busy offer')
  expect(offer.blocks).toEqual([])
  expect(offer.text).toMatch(/is leaving and you now own .*Busy offer.*\nScopes: read\..*\n.*Home/)
  house.slack.refuseBlocks([])
})

test('however long Slack fails to take the file of a report, it is filed once it does', async () => {
  const before = (await calls(house.slack.url)).length
  await refuse('files.getUploadURLExternal', { kind: 'server_error', times: 12 })
  const leaver = await leaves(['Script of one'])
  const done = await report(leaver, /Offboarded .*: 1 refused/)
  await workUntil(() => fileBelow(done))
  const tries = await calls(house.slack.url, 'files.getUploadURLExternal', before)
  expect(tries.length).toBeGreaterThan(12)
})

test('where Slack takes no files the thread gets the report in words', async () => {
  const { db } = house.world
  // The file of another leaver must not meet the refusal.
  await workUntil(
    async () => !(await db('outbox').whereNull('completed_at').whereLike('step', 'file:%').first('seq')),
  )
  await refuse('files.getUploadURLExternal', { error: 'file_uploads_disabled', times: 1 })
  const leaver = await leaves(['Script of another'])
  const done = await report(leaver, /Offboarded .*: 1 refused/)
  const words = await workUntil(() =>
    messagesInSecurity().then((all) => all.find((one) => one.threadTs === done.ts)),
  )
  expect(said(words)).toMatch(/does not let me upload files here.*offboarding,leaver.*Script of another/s)
})

test('a file whose answer was lost is looked for in the thread, and filed once', async () => {
  await refuse('files.completeUploadExternal', { kind: 'drop_after', times: 1 })
  const leaver = await leaves(['Script of a third'])
  const done = await report(leaver, /Offboarded .*: 1 refused/)
  const filed = (row: { step: string }) => row.step.startsWith('file:')
  await workUntil(async () => {
    const { message_id: subject } = await house.world.db('offboardings').where({ user_id: leaver }).first()
    const rows = await house.world.db('outbox').where({ subject_id: subject, outcome: 'arrived' })
    return rows.some(filed)
  })
  const files = (await messagesInSecurity()).filter((one) => one.threadTs === done.ts && one.files?.length)
  expect(files).toHaveLength(1)
})

test('while its channel is archived an offboarding revokes all the same, and whoever asked and the owners get the report', async () => {
  await house.slack.archiveChannel(security)
  const leaver = await leaves(['Script out of reach'])
  const key = () => house.world.db('keys').where({ name: 'Script out of reach' }).first('status')
  await workUntil(async () => (await key()).status === 'revoked' || (await key()).status === 'inactive')
  const direct = async () => {
    const screen = await house.as('owner').screen()
    return Object.values(screen.messages)
      .flat()
      .filter((one) => said(one).includes(leaver) && /Offboarded .*: 1 refused/.test(said(one)))
  }
  await workUntil(async () => (await direct()).length > 0)
  expect(await direct()).toHaveLength(1)
  await house.slack.archiveChannel(security, false)
})
