import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWatching } from '../../src/leases/confirm.ts'
import type { Channel } from '../../src/notifications/channel.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import type { OffboardingContent } from '../../src/offboarding/source.ts'
import { recordReturn } from '../../src/offboarding/undo.ts'
import { sources } from '../../src/slack/sources.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { join, ownedKey } from './leavers.ts'

const leaver = 'U0LEAVER01'
let r: Records
let watching: { stop(): Promise<void> }
beforeAll(async () => {
  r = await openRecords()
  watching = startWatching(r.world)
})
afterAll(async () => {
  await watching.stop()
  await r.drop()
})

/** A chat that shows the text it got last; `filing` happens while it takes the file. */
function chat(filing: () => Promise<unknown>) {
  const shown: (string | null)[] = []
  const files: string[] = []
  const show = (content: OffboardingContent) => {
    if (content.about === 'offboarding') shown.push(content.report.offboardings[0]!.endedBecause)
  }
  const channel: Channel = {
    async post(_destination, { content }) {
      const said = content as OffboardingContent
      show(said)
      if (said.about === 'file') {
        await filing()
        files.push(said.name)
      }
      return { channelId: 'C0CHAT', ts: '1.1' }
    },
    async edit(where, content) {
      show(content as OffboardingContent)
      return where
    },
    find: async () => undefined,
    reaches: async () => true,
  }
  return { deliver: () => deliverWaiting({ world: r.world, channel, sources }), shown, files }
}

const leave = async (userId: string) => {
  await ownedKey(r.world, await join(r.world, r.workspace.id, userId, 'manager'), `Sync of ${userId}`)
  const request = { source: 'user-change', userId } as const
  const asked = { kind: 'job', id: 'slack-events' } as const
  return r.act((act) => requestOffboarding(act, r.workspace, request, r.world.random), asked)
}

const comeBack = (userId: string) =>
  r.act((act) => recordReturn(act, r.workspace.accountId, userId, 'slack', r.world.random))

test('who comes back while their report is being filed is reported as back, in the same round', async () => {
  await leave(leaver)
  await carryOut(r.world)
  const { deliver, shown, files } = chat(() => comeBack(leaver))
  await deliver()
  expect(shown).toEqual([null, 'returned'])
  expect(files).toHaveLength(1)
  expect(await r.world.db('outbox').whereNull('completed_at')).toEqual([])
})

test('leavers who share a message share one file, which comes when the last of them is done', async () => {
  const ids = Array.from({ length: 5 }, (_, nth) => `U0TOGETH0${nth}`)
  for (const id of ids) await leave(id)
  await carryOut(r.world)
  const { deliver, shown, files } = chat(async () => {})
  await deliver()
  expect(shown).toHaveLength(1)
  expect(files).toHaveLength(1)
  expect(await r.world.db('offboardings').whereIn('user_id', ids).distinct('message_id')).toHaveLength(1)
})
