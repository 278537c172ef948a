import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWatching } from '../../src/leases/confirm.ts'
import { announce } from '../../src/offboarding/announce.ts'
import type { Announcer } from '../../src/offboarding/announcer.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { recordReturn } from '../../src/offboarding/undo.ts'
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
  const announcer: Announcer = {
    post: async ({ offboardings }) => {
      shown.push(offboardings[0]!.endedBecause)
      return { channelId: 'C0CHAT', ts: '1.1' }
    },
    edit: async (_where, { offboardings }) => void shown.push(offboardings[0]!.endedBecause),
    file: async () => void (await filing()),
    offer: async () => {},
    showClosed: async () => {},
    announceClosed: async () => {},
    complete: async () => {},
  }
  return { announcer, shown }
}

test('who comes back while their report is being filed is reported as back, in the same round', async () => {
  await ownedKey(r.world, await join(r.world, r.workspace.id, leaver, 'manager'), 'Sync')
  const request = { source: 'user-change', userId: leaver } as const
  await r.act((act) => requestOffboarding(act, r.workspace, request, r.world.random))
  await carryOut(r.world)
  const { announcer, shown } = chat(() =>
    r.act((act) => recordReturn(act, r.workspace.accountId, leaver, ['user-change'])),
  )
  await announce(r.world, announcer)
  expect(shown).toEqual([null, 'returned'])
  const row = await r.world.db('offboarding_messages').first()
  expect(row.reported_at).not.toBeNull()
  expect(row.claimed_until).toBeNull()
})
