import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWatching } from '../../src/leases/confirm.ts'
import { sources } from '../../src/slack/sources.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { openTelling } from './alerts/tell.ts'

let r: Records
let watching: { stop(): Promise<void> }
beforeAll(async () => {
  r = await openRecords()
  await r.world.db('workspaces').update({ policy: { offboardingByWorkflow: true } })
  watching = startWatching(r.world)
})
afterAll(async () => {
  await watching.stop()
  await r.drop()
})

test('every kind of message takes part in npm run faults:alerts; findings are found by its workers', async () => {
  let runs = 0
  await openTelling(r.world, async () => `Fx${++runs}`)(20, 0)
  const told: string[] = await r.world.db('outbox').distinct('source').pluck('source')
  expect([...told, 'finding'].sort()).toEqual(Object.keys(sources).sort())
})
