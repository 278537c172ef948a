import { expect, test } from 'vitest'
import { fleetEvents } from '../../src/anomaly/detector/fleet.ts'
import type { Reason } from '../../src/anomaly/detector/reason.ts'

const times = (count: number, reason: Reason): Reason[] => Array.from({ length: count }, () => reason)

test('an outage that silences most keys is one event', () => {
  expect(fleetEvents(times(60, 'silence'), 100)).toEqual(['less'])
})

test('a few keys on one day are alerted one by one', () => {
  expect(fleetEvents([...times(4, 'silence'), ...times(3, 'spike')], 12)).toEqual([])
})

test('keys that moved in different directions are not one event', () => {
  expect(fleetEvents([...times(15, 'silence'), ...times(15, 'spike')], 100)).toEqual([])
})
