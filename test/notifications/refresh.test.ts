import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Channel } from '../../src/notifications/channel.ts'
import { refreshMessages } from '../../src/notifications/refresh.ts'
import type { Sources } from '../../src/notifications/source.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const sources: Sources = {
  sample: {
    everySeconds: 10,
    read: async (_, messages) =>
      messages.map(({ subjectId }) => ({ live: { content: { about: 'sample' }, hash: `now ${subjectId}` } })),
  },
}

test('where edits are slow a round ends in time, and the next one edits what it left', async () => {
  const { db } = records.world
  const edited: string[] = []
  const unused = async () => expect.fail('only edits are due')
  const channel: Channel = {
    ...{ post: unused, find: unused, reaches: unused },
    async edit(where) {
      await pause(30)
      edited.push(where.ts)
      return where
    },
  }
  const places = ['1', '2', '3'].map((ts) => ({
    ...{ source: 'sample', subject_id: ts, destination: 'channel:general', channel_id: 'C1', ts },
    ...{ workspace_id: records.workspace.id, hash: 'before', shown_at: new Date(), posted_at: new Date() },
    refresh_at: new Date(Date.now() - 60_000 + Number(ts) * 1_000),
  }))
  await db('posted_messages').insert(places)
  const messenger = { world: records.world, channel, sources }
  expect(await refreshMessages(messenger, 10)).toBe(1)
  expect(edited).toHaveLength(1)
  // Another process may take the others once their claim is over.
  await db('posted_messages')
    .whereNotIn('ts', edited)
    .update({ refresh_at: new Date(Date.now() - 1_000) })
  expect(await refreshMessages(messenger, 10_000)).toBe(2)
  expect(edited.toSorted()).toEqual(['1', '2', '3'])
})
