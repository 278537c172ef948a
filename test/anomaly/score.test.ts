import { expect, test } from 'vitest'
import { calibrated, reasons } from '../../src/anomaly/detector/reason.ts'
import { newState } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import { bucketOf, day, live } from './traffic.ts'

test('comparing reasons changes neither what alerts nor which of two scores of one reason is higher', () => {
  for (const reason of reasons) {
    const scores = [-0.5, 0, 0.01, 0.3, 0.99, 1, 1.5, 40].map((score) => calibrated({ reason, score }).score)
    expect(scores).toEqual([...scores].sort((a, b) => a - b))
    expect(scores.filter((score) => score >= 1)).toEqual([1, 1.5, 40])
  }
})

test('a silent key is not more silent after another day', () => {
  const { state } = live(20, () => 50)
  const scores = Array.from(
    { length: 2 * day },
    (_, i) => step(state, bucketOf(20 * day + i, { count: 0 }))!.score,
  )
  expect(Math.max(...scores)).toBe(2)
  expect(scores.findIndex((score) => score >= 1)).toBeLessThan(12)
})

test('a key that has just begun has nothing to say', () => {
  expect(step(newState(), bucketOf(0, { count: 1000 }))).toMatchObject({ alert: false })
})
