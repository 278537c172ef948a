import { expect, test } from 'vitest'
import { newState } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import { bucketOf, day, hour, monday } from './traffic.ts'

const change = 21 * day + hour

/** A key used from nine to five on the workspace's clock, whose clock changes by an hour on the fourth Monday. */
function officeAcross(shift: number, extra: (index: number, local: number) => number = () => 0) {
  const state = newState()
  const alerts: number[] = []
  for (let index = 0; index < 28 * day; index++) {
    const offset = 3600 + (index >= change ? shift : 0)
    const local = (((monday + index * 300 + offset) / 3600) % 24) | 0
    const count = (local >= 9 && local < 17 ? 60 + (index % 7) : 0) + extra(index, local)
    if (step(state, bucketOf(index, { count }, offset))?.alert) alerts.push(index)
  }
  return alerts
}

test('when the clock goes forward, office hours stay ordinary', () => {
  expect(officeAcross(3600)).toEqual([])
})

test('when the clock goes back, office hours stay ordinary', () => {
  expect(officeAcross(-3600)).toEqual([])
})

test('night use after the change is still alerted', () => {
  const alerts = officeAcross(3600, (index, local) =>
    index > 24 * day && index < 25 * day && local === 3 ? 60 : 0,
  )
  expect(alerts).toHaveLength(1)
})

test('a weekend of rest does not make Monday strange, nor is the rest itself strange', () => {
  const state = newState()
  for (let index = 0; index < 36 * day; index++) {
    const weekend = Math.floor(index / day) % 7 >= 5
    const ofDay = (index % day) / hour
    const count = !weekend && ofDay >= 8 && ofDay < 18 ? 80 + (index % 9) : 1 + (index % 2)
    expect(step(state, bucketOf(index, { count }))?.alert).toBe(false)
  }
})
