import { afterAll, beforeAll, expect, test } from 'vitest'
import { orphaned } from '../../src/findings/orphaned.ts'
import { reconcile } from '../../src/findings/reconcile.ts'
import { rotationDue } from '../../src/findings/rotation-due.ts'
import { transact } from '../../src/foundation/database.ts'
import { markDeparted, markReturned } from '../../src/workspaces/roles.ts'
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
  await records.act((act) => markDeparted(act, records.workspace.id, leaver))
  expect(await ask(orphaned)).toBe(1)
  expect(await ask(orphaned)).toBe(0)
  expect(await open('orphaned')).toHaveLength(1)
  await records.act((act) => markReturned(act, records.workspace.id, leaver))
  expect(await ask(orphaned)).toBe(1)
  expect(await open('orphaned')).toHaveLength(0)
})

test('a rotation that is weeks overdue is told each week and goes up to the managers, then the owners', async () => {
  const days = (n: number) => new Date(records.world.clock.now().getTime() - n * 86_400_000)
  await plant(records.world, records.workspace.id, [{ name: 'Old key', revealedAt: days(76) }])
  const steps: string[] = []
  for (let week = 0; week < 6; week++) {
    await ask(rotationDue)
    steps.push((await open('rotation-due'))[0]!.step)
    records.calendar.advance({ days: 7, minutes: 1 })
  }
  expect(steps).toEqual(['warn', 'warn', 'due', 'overdue-1w', 'overdue-2w', 'overdue-3w'])
})
