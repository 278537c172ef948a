import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Channel } from '../../src/notifications/channel.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { put } from '../../src/notifications/outbox.ts'
import { refreshSoon, shownBy } from '../../src/notifications/posted-messages.ts'
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

test('what changes while a message is posted for the first time is seen in it afterwards', async () => {
  const { db, clock, random } = records.world
  await db('posted_messages').delete()
  let state = 'works'
  const shown: string[] = []
  const words: Sources = {
    sample: { read: async (_, messages) => messages.map(() => ({ live: { content: { about: state } } })) },
  }
  const channel: Channel = {
    ...{ find: async () => undefined, reaches: async () => true },
    async post(_destination, { content }) {
      shown.push(content.about)
      state = 'revoked'
      // Nobody can know yet where the message stands.
      await refreshSoon(db, 'sample', ['new'])
      return { channelId: 'C1', ts: 'new' }
    },
    async edit(where, content) {
      shown.push(content.about)
      return where
    },
  }
  const messenger = { world: records.world, channel, sources: words }
  const message = { source: 'sample', subjectId: 'new', step: 'first', destination: 'channel:general' }
  const { id: workspaceId } = records.workspace
  await db.transaction((trx) => put(trx, [{ workspaceId, ...message, mode: 'live' }], clock.now(), random))
  expect(await deliverWaiting(messenger)).toBe(1)
  // Some seconds later.
  await db('posted_messages')
    .whereNotNull('refresh_at')
    .update({ refresh_at: new Date(Date.now() - 1_000) })
  expect(await refreshMessages(messenger)).toBe(1)
  expect(shown).toEqual(['works', 'revoked'])
  expect(await db('posted_messages').where({ ts: 'new' }).first('refresh_at')).toEqual({ refresh_at: null })
})

test('what is asked for while a refresh reads is refreshed again', async () => {
  const { db } = records.world
  await db('posted_messages').delete()
  await db('posted_messages').insert({
    ...{ source: 'sample', subject_id: 'busy', destination: 'channel:general', channel_id: 'C1', ts: 'busy' },
    ...{ workspace_id: records.workspace.id, hash: shownBy({ content: { about: 'as before' } }).hash },
    ...{ shown_at: new Date(), posted_at: new Date(), refresh_at: new Date(Date.now() - 1_000) },
  })
  const state = ['as before', 'changed']
  const words: Sources = {
    sample: {
      async read(_, messages) {
        const about = state.shift()!
        if (state.length > 0) await refreshSoon(db, 'sample', ['busy'])
        return messages.map(() => ({ live: { content: { about } } }))
      },
    },
  }
  const unused = async () => expect.fail('only edits are due')
  const channel: Channel = {
    ...{ post: unused, find: unused, reaches: unused },
    edit: async (where) => where,
  }
  const messenger = { world: records.world, channel, sources: words }
  expect(await refreshMessages(messenger)).toBe(0)
  expect(await refreshMessages(messenger)).toBe(1)
})
