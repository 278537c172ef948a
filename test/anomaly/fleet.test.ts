import { expect, onTestFinished, test } from 'vitest'
import { gather } from '../../src/anomaly/detector/fleet.ts'
import type { Reason } from '../../src/anomaly/detector/reason.ts'
import { gatherFleets } from '../../src/anomaly/fleet.ts'
import { openRecords } from '../setup/records.ts'

const events = (reasons: readonly Reason[], active: number) =>
  gather(
    reasons.map((reason, id) => ({ id, reason, factor: 3 })),
    new Map(),
    active,
  ).begins
const times = (count: number, reason: Reason): Reason[] => Array.from({ length: count }, () => reason)

test('an outage that silences most keys is one event', () => {
  expect(events([...times(30, 'silence'), ...times(30, 'fall')], 100)).toEqual(['less'])
})

test('a few keys on one day are alerted one by one', () => {
  expect(events([...times(4, 'silence'), ...times(3, 'spike')], 12)).toEqual([])
})

test('keys that moved in different directions are not one event', () => {
  expect(events([...times(15, 'silence'), ...times(15, 'spike')], 100)).toEqual([])
})

test('what could not be saved fails the run, and is not taken for done', async () => {
  const records = await openRecords()
  onTestFinished(() => records.drop())
  const { db, clock } = records.world
  await db.raw(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$`)
  await db.raw('create trigger full_disk before update on fleet_events execute function refuse()')
  await expect(gatherFleets(records.world, clock.now())).rejects.toThrow('the disk is full')
})
