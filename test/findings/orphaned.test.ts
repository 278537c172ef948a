import { afterAll, beforeAll, expect, test } from 'vitest'
import { findings } from '../../src/alerts/finding-source.ts'
import { orphaned } from '../../src/findings/orphaned.ts'
import { reconcile } from '../../src/findings/reconcile.ts'
import { rotationDue } from '../../src/findings/rotation-due.ts'
import { transact } from '../../src/foundation/database.ts'
import type { Reading, Waiting } from '../../src/notifications/source.ts'
import { applyPresence } from '../../src/offboarding/presence.ts'
import { setRole } from '../../src/workspaces/roles.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const open = (kind: string) =>
  records.world.db('findings').where({ kind }).whereNull('resolved_at').select('id', 'step', 'level')

const ask = (question: typeof orphaned) =>
  transact(records.world.db, (trx) =>
    reconcile(trx, question, records.workspace, records.world.clock.now(), records.world.random),
  )

test('a key is orphaned when its owner leaves, and no longer when they are back', async () => {
  const leaver = 'U0LEAVER01'
  await plant(records.world, records.workspace.id, [{ name: 'Left behind', ownerId: leaver }])
  expect(await ask(orphaned)).toBe(0)
  await records.act((act) =>
    applyPresence(act, records.workspace.accountId, [records.workspace.id], { id: leaver, isOut: true }),
  )
  expect(await ask(orphaned)).toBe(1)
  expect(await ask(orphaned)).toBe(0)
  expect(await open('orphaned')).toHaveLength(1)
  await records.act((act) =>
    applyPresence(act, records.workspace.accountId, [records.workspace.id], { id: leaver, isOut: false }),
  )
  expect(await ask(orphaned)).toBe(1)
  expect(await open('orphaned')).toHaveLength(0)
})

test('a rotation that is weeks overdue is alerted each week and goes up to the managers, then the owners', async () => {
  const { world, workspace, owner, act } = records
  const [dana, bruno, chidi] = ['U0DANA0004', 'U0BRUNO002', 'U0CHIDI003']
  for (const manager of [bruno!, chidi!]) await act((one) => setRole(one, workspace.id, manager, 'manager'))
  const revealedAt = new Date(world.clock.now().getTime() - 76 * 86_400_000)
  await plant(world, workspace.id, [{ name: 'Old key', ownerId: dana!, revealedAt }])
  const steps: [step: string, mentions: string[]][] = []
  for (let week = 0; week < 7; week++) {
    await ask(rotationDue)
    const { id, step } = (await open('rotation-due'))[0]!
    const message = { itemId: id, subjectId: id, step, mode: 'thread', body: {} } as Waiting
    const [reading] = await findings.read(world.db, [message], world.clock.now())
    steps.push([step, (reading as Reading).said!.mentions!.toSorted()])
    records.calendar.advance({ days: 7, minutes: 1 })
  }
  expect(steps).toEqual([
    ['warn', [dana]],
    ['warn', [dana]],
    ['due', [dana]],
    ['overdue-1w', [dana]],
    ['overdue-2w', [bruno, chidi, dana]],
    ['overdue-3w', [owner.id, dana]],
    ['overdue-4w', [owner.id, dana]],
  ])
})
