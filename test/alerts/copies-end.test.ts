import { afterAll, beforeAll, expect, test } from 'vitest'
import { issue } from '../../src/keys/issue.ts'
import { type OfferContent, offerKey } from '../../src/keys/offers.ts'
import { transferKey } from '../../src/keys/transfer.ts'
import { type Channel, Refused } from '../../src/notifications/channel.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { refreshMessages } from '../../src/notifications/refresh.ts'
import { sources } from '../../src/slack/sources.ts'
import { decideRequest, openForDecision } from '../../src/workspaces/decide-request.ts'
import type { RequestContent } from '../../src/workspaces/request-source.ts'
import { makeRequest } from '../../src/workspaces/requests.ts'
import { must, openRecords, type Records } from '../setup/records.ts'

let r: Records
beforeAll(async () => {
  r = await openRecords()
})
afterAll(() => r.drop())

const stateIn = (content: RequestContent | OfferContent): string =>
  'request' in content ? content.request.state : 'offer' in content ? content.offer.keys[0]!.state : ''

/** A way to people whose channels are lost, with what each message shows by now. */
function directOnly() {
  const shown: { destination: string; about: string; state: string }[] = []
  const show = (destination: string, content: { about: string }) => ({
    destination,
    about: content.about,
    state: stateIn(content as RequestContent | OfferContent),
  })
  const channel: Channel = {
    async post(destination, { content }) {
      if (destination.startsWith('channel:')) throw new Refused('closed', 'is_archived')
      shown.push(show(destination, content))
      return { channelId: 'D0DIRECT01', ts: `${shown.length}.0` }
    },
    async edit(where, content, destination) {
      shown[Number(where.ts) - 1] = show(destination, content)
      return where
    },
    find: async () => undefined,
    reaches: async () => true,
  }
  const messenger = { world: r.world, channel, sources }
  return { shown, deliver: () => deliverWaiting(messenger), refresh: () => refreshMessages(messenger) }
}

test('a copy of a request for the person who asked loses its buttons though the answer follows it', async () => {
  const { world, workspace, owner } = r
  const draft = {
    ...{ name: 'Writer', description: '', integration: '', scopes: ['write'], lifetimeDays: 30 },
    ...{ allowedNetworks: [], limitPerMinute: null, ownerId: owner.id },
  }
  const request = await r.act((act) => makeRequest(act, workspace, draft, 'For the sync', world.random))
  const { shown, deliver } = directOnly()
  await deliver()
  const copy = { destination: `dm:${owner.id}`, about: 'request' }
  expect(shown).toContainEqual({ ...copy, state: 'waiting' })
  await r.act(
    async (act) => {
      const open = must(await openForDecision(act, workspace.id, request.id))
      return decideRequest(act, open, { approved: false, reason: 'No need' }, world.random)
    },
    { kind: 'member', id: 'U0BRUNO002', role: 'manager', workspaceId: workspace.id },
  )
  await deliver()
  expect(shown).toContainEqual({ ...copy, about: 'request-answered', state: 'denied' })
  expect(shown).toContainEqual({ ...copy, state: 'denied' })
  expect(shown).not.toContainEqual({ ...copy, state: 'waiting' })
})

test('the offer of a key that was given away and back says again that it waits', async () => {
  const { world, workspace, owner } = r
  const draft = {
    ...{ name: 'Wanderer', description: '', integration: '', scopes: ['read' as const], lifetimeDays: 30 },
    ...{ allowedNetworks: [], limitPerMinute: null, ownerId: owner.id },
  }
  const { shown, deliver, refresh } = directOnly()
  const key = await r.act(async (act) => {
    const made = must(await issue(act, workspace.id, draft, world.random))
    await offerKey(act, made, 'made', world.random)
    return made
  })
  await deliver()
  const give = (from: string, to: string) =>
    r.act(async (act) => {
      await transferKey(act, { keyId: key.id, workspaceId: workspace.id, from, to, reason: 'a test' })
      await offerKey(act, { ...key, ownerId: to }, 'given', world.random)
    })
  const first = () => shown.find(({ destination }) => destination === `dm:${owner.id}`)!.state
  await give(owner.id, 'U0BRUNO002')
  await refresh()
  expect(first()).toBe('moved')
  await give('U0BRUNO002', owner.id)
  await refresh()
  expect(first()).toBe('waiting')
})
