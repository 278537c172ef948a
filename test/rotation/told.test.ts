import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { fault } from 'local-slack/person'
import { beforeAll, expect, test } from 'vitest'
import { lapsedKeys } from '../../jobs/lapsed-keys.ts'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { openWebClient } from '../../src/foundation/slack.ts'
import { offerKeys } from '../../src/keys/offers.ts'
import { endPending } from '../../src/keys/pending-reveals.ts'
import { reveal } from '../../src/keys/reveal.ts'
import type { Act, Actor } from '../../src/members/actor.ts'
import type { Waiting } from '../../src/notifications/source.ts'
import { startCampaign } from '../../src/rotation/campaign.ts'
import { abortRotation } from '../../src/rotation/end.ts'
import { rotations } from '../../src/rotation/source.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { allWorkspaces, type Workspace } from '../../src/workspaces/workspace.ts'
import { join, ownedKey } from '../offboarding/leavers.ts'
import { house, people, said, security, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { must } from '../setup/records.ts'
import { directMessages, setPolicyOf } from '../setup/seen.ts'
import { work } from './trackers.ts'

// No worker: what waits is done when a test says so.
useHouse({ roles: ['bot'] })
let workspace: Workspace
let manager: Actor
beforeAll(async () => {
  workspace = (await allWorkspaces(house.world.db))[0]!
  manager = { kind: 'member', id: people.manager, role: 'manager', workspaceId: workspace.id }
})

const later = (days: number, minutes = 0) => house.calendar.advance({ days, minutes })

/** Starts the rotation of a new key that the member owns. */
async function rotate(name: string): Promise<{ rotationId: string; newKeyId: string }> {
  const { world } = house
  const [keyId] = await plant(world, workspace.id, [{ name, ownerId: people.member }])
  const started = must(
    await perform(world, manager, (act) =>
      startRotation(act, workspace, keyId!, { reason: 'scheduled' }, world.random),
    ),
  )
  return { rotationId: started.rotation.id, newKeyId: started.successor.id }
}

const inChannel = async (words: string): Promise<Message[]> =>
  messagesIn(await house.as('manager').screen(), security).filter((one) => said(one).includes(words))
const directTo = async (who: 'owner' | 'member' | 'manager', words: string): Promise<Message[]> =>
  directMessages(await house.as(who).screen()).filter((one) => said(one).includes(words))
const isReply = ({ threadTs, ts }: Message) => Boolean(threadTs) && threadTs !== ts

const waiting = async () =>
  (await house.world.db('outbox').whereNull('completed_at').whereNull('not_before').select('id')).length

test('an overdue rotation does not end the old key for a reveal that nobody is known to have seen', async () => {
  const { world } = house
  const [keyId] = await plant(world, workspace.id, [{ name: 'Overdue', ownerId: people.member }])
  const { successor } = must(
    await perform(world, manager, (act) =>
      startRotation(act, workspace, keyId!, { reason: 'scheduled' }, world.random),
    ),
  )
  await setPolicyOf(house, { cutAtDeadline: true })
  later(15)
  await work(house)
  const member = { kind: 'member', id: people.member, role: 'member', workspaceId: workspace.id } as const
  await join(world, workspace.id, people.member)
  const deps = { random: world.random, tokenPrefix: 'tml_', timeZone: 'UTC' }
  const { key } = must(await perform(world, member, (act) => reveal(act, workspace.id, successor.id, deps)))
  const old = async () => (await world.db('keys').where({ id: keyId }).first('status')).status
  await work(house, 2)
  expect(await old()).toBe('active')
  expect(await endPending(world.db, { keyId: key.id, hint: key.hint })).toBe(true)
  await work(house, 2)
  expect(await old()).toBe('revoked')
  await setPolicyOf(house, { cutAtDeadline: false })
})

test('ten minutes without Slack lose no message of a rotation, and send none twice', async () => {
  await fault(house.slack.url, {
    ...{ method: 'chat.postMessage', about: 'Through the outage', times: 90, kind: 'server_error' },
  })
  await rotate('Through the outage')
  for (let minute = 0; minute < 10; minute++) {
    later(0, 1)
    await work(house)
  }
  later(1)
  await work(house)
  expect(await inChannel('Through the outage')).toEqual([])
  expect(await waiting()).toBeGreaterThan(2)
  for (let i = 0; i < 100 && (await waiting()) > 0; i++) await work(house)
  await work(house, 2)
  const shown = await inChannel('Through the outage')
  expect(shown.filter((one) => !isReply(one))).toHaveLength(1)
  expect(shown.filter(isReply).map(said)).toEqual([
    expect.stringContaining('the new key for Through the outage has been waiting to be revealed since'),
  ])
  expect((await directTo('member', 'Through the outage')).map(said)).toEqual([
    expect.stringContaining('started a rotation of Through the outage'),
    expect.stringContaining('has been waiting for you to reveal it since'),
  ])
}, 120_000)

test('a campaign of thirty keys is one message, one offer to their owner, and one reply and one reminder for all', async () => {
  const { world } = house
  const names = Array.from({ length: 30 }, (_, i) => `Many ${String(i + 1).padStart(2, '0')}`)
  await plant(
    world,
    workspace.id,
    names.map((name) => ({ name, ownerId: people.member })),
  )
  const wanted = { which: { of: 'words', words: 'Many' }, reason: 'scheduled' } as const
  must(await perform(world, manager, (act) => startCampaign(act, workspace, wanted, world.random)))
  await work(house, 2)
  expect(await inChannel('Keys named like Many')).toHaveLength(1)
  expect(await directTo('member', 'a rotation of 30 keys of yours')).toHaveLength(1)

  later(1, 1)
  await work(house)
  later(0, 1)
  await work(house, 2)
  const replies = async (words: string) => (await inChannel(words)).filter(isReply).map(said)
  expect(await replies('30 new keys still wait to be revealed')).toEqual([
    `${people.member}: 30 new keys still wait to be revealed: Many 01, Many 02, Many 03, Many 04, Many 05 and 25 more.`,
  ])
  expect(await replies('the new key for Many')).toEqual([])
  expect(await directTo('member', '30 new keys have been waiting for you')).toHaveLength(1)

  later(14)
  await work(house)
  later(0, 1)
  await work(house, 2)
  expect(await replies('30 rotations passed their deadline')).toHaveLength(1)
  expect(await directTo('member', '30 new keys have been waiting for you')).toHaveLength(2)
  await work(house, 3)
  expect(await replies('30 rotations passed their deadline')).toHaveLength(1)
}, 120_000)

test('an offer loses its button when its key is revealed, or is revoked before anybody could', async () => {
  const { world } = house
  const [taken, aborted] = [await rotate('To be taken'), await rotate('To be aborted')]
  await work(house)
  const [offer] = await directTo('member', 'rotation of To be taken')
  expect(findButton(offer!.blocks, 'Reveal key')).toBeDefined()
  const member = { kind: 'member', id: people.member, role: 'member', workspaceId: workspace.id } as const
  await join(world, workspace.id, people.member)
  const deps = { random: world.random, tokenPrefix: 'tml_', timeZone: 'UTC' }
  must(await perform(world, member, (act) => revealShown(act, workspace.id, taken.newKeyId, deps)))
  must(
    await perform(world, manager, (act) =>
      abortRotation(act, workspace.id, aborted.rotationId, { sure: false }),
    ),
  )
  await work(house)
  const [revealed] = await directTo('member', 'To be taken')
  expect([revealed!.ts, findButton(revealed!.blocks, 'Reveal key')]).toEqual([offer!.ts, undefined])
  expect(said(revealed!)).toContain('you have revealed the key')
  const [revoked] = await directTo('member', 'To be aborted')
  expect(findButton(revoked!.blocks, 'Reveal key')).toBeUndefined()
  expect(said(revoked!)).toContain('was revoked before anybody revealed it')
})

test('keys of somebody who left are offered in one message; who lets some lapse hears of it once, and the message ends', async () => {
  const { world } = house
  const maker = await join(world, workspace.id, people.manager, 'manager')
  const waiting = { owner: people.member, waits: true }
  const keys = [
    await ownedKey(world, maker, 'Left one', waiting),
    await ownedKey(world, maker, 'Left two', waiting),
  ]
  const why = { because: 'leaver', by: people.otherMember, matterId: 'off_somebody' } as const
  await world.db.transaction((trx) =>
    offerKeys(trx, { ...why, workspaceId: workspace.id, keys }, world.clock.now(), world.random),
  )
  await work(house)
  const [offer] = await directTo('member', 'is leaving and you now own')
  expect(said(offer!)).toContain('Reveal them when you can save them.')
  later(8)
  await lapsedKeys({ world, deliver: async () => undefined })
  await work(house, 2)
  const lapsed = await directTo('member', 'the offers lapsed: Left one, Left two.')
  expect(lapsed).toHaveLength(1)
  const [ended] = (await directTo('member', 'Left one')).filter(({ ts }) => ts === offer!.ts)
  expect(findButton(ended!.blocks, 'Reveal key')).toBeUndefined()
  expect(said(ended!)).toContain('nobody revealed the key in 7 days')
})

test('a rotation whose message somebody deleted has a new one', async () => {
  await rotate('Deleted')
  await work(house)
  const [first] = await inChannel('Rotating Deleted')
  await openWebClient(house.world).chat.delete({ channel: security, ts: first!.ts })
  later(3)
  await work(house, 3)
  const [second] = (await inChannel('Rotating Deleted')).filter((one) => !isReply(one))
  expect(second!.ts).not.toBe(first!.ts)
})

test('what an archived channel cannot show goes to the owners and the new key’s owner, and returns to the channel', async () => {
  await house.slack.archiveChannel(security)
  await rotate('Unseen')
  await work(house, 2)
  const aboutLoss = 'I cannot post alerts in #security-alerts any more'
  expect(await directTo('owner', aboutLoss)).toHaveLength(1)
  expect(await directTo('owner', 'Rotating Unseen')).toHaveLength(1)
  expect(await directTo('member', 'Rotating Unseen')).toHaveLength(1)
  later(1, 1)
  await work(house, 2)
  expect(await directTo('owner', 'the new key for Unseen has been waiting to be revealed')).toHaveLength(1)

  await house.slack.archiveChannel(security, false)
  await work(house, 2)
  const [back] = await inChannel('Rotating Unseen')
  expect(findButton(back!.blocks, 'Abort')).toBeDefined()
  later(2)
  await work(house, 2)
  expect(
    (await inChannel('the new key for Unseen has been waiting to be revealed')).filter(isReply),
  ).toHaveLength(1)
  expect(await directTo('owner', 'the new key for Unseen has been waiting to be revealed')).toHaveLength(1)
  expect(await directTo('owner', aboutLoss)).toHaveLength(1)
})

test('two hundred rotations are read with as many questions as one', async () => {
  const { world } = house
  const rows = await plant(
    world,
    workspace.id,
    Array.from({ length: 200 }, (_, i) => ({ name: `Counted ${i}`, ownerId: people.member })),
  )
  const ids: string[] = []
  for (const keyId of rows) {
    const start = (act: Act) =>
      startRotation(act, workspace, keyId, { reason: 'scheduled', offersItself: true }, world.random)
    ids.push(must(await perform(world, manager, start)).rotation.id)
  }
  const questionsFor = async (some: readonly string[]) => {
    let questions = 0
    const count = () => void questions++
    world.db.on('query', count)
    const readings = await rotations.read(world.db, some.map(asked), world.clock.now())
    world.db.off('query', count)
    expect(readings.filter((one) => one && 'live' in one)).toHaveLength(some.length)
    return questions
  }
  const forOne = await questionsFor(ids.slice(0, 1))
  expect(forOne).toBeGreaterThan(3)
  expect(await questionsFor(ids)).toBe(forOne)
})

const asked = (subjectId: string): Waiting => ({
  ...{ source: 'rotation', workspaceId: workspace.id, subjectId, itemId: subjectId, step: 'begun' },
  ...{ level: 0, destination: 'channel:security-alerts', body: {}, mode: 'live', isPosted: true },
})
