import { expect, test } from 'vitest'
import { loadState, newState, resetState, stateBytes } from '../../src/anomaly/detector/state.ts'
import { step, stepSilence } from '../../src/anomaly/detector/step.ts'
import fc from '../setup/seeded.ts'
import { bucketOf, day, live, monday } from './traffic.ts'

const seen = fc.record({
  count: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(100_000)),
  errors: fc.nat(5),
  expected: fc.boolean(),
})
/** Up to four days, so that hours, days and the first alerts are in it. */
const history = fc.array(seen, { minLength: 1, maxLength: 4 * day })

const readings = (counts: readonly { count: number; errors: number; expected: boolean }[]) => {
  const state = newState()
  return { state, all: counts.map((count, i) => step(state, bucketOf(i, count))) }
}

test('nothing looks ahead: what is said of the past does not depend on what comes after', () => {
  fc.assert(
    fc.property(history, history, history, (past, one, other) => {
      const first = readings([...past, ...one]).all.slice(0, past.length)
      expect(readings([...past, ...other]).all.slice(0, past.length)).toEqual(first)
    }),
    { numRuns: 25 },
  )
})

test('a state that was stored, and loaded over that of another key, goes on like one that stayed in memory', () => {
  fc.assert(
    fc.property(history, history, (past, future) => {
      const { state } = readings(past)
      const { state: opened } = readings(future)
      expect(loadState(opened, Buffer.from(state.bytes))).toBe(true)
      future.forEach((count, i) => {
        const bucket = bucketOf(past.length + i, count)
        expect(step(opened, bucket)).toEqual(step(state, bucket))
      })
      expect(opened.bytes).toEqual(state.bytes)
    }),
    { numRuns: 25 },
  )
})

test('a state has the same size after the first bucket and after six weeks', () => {
  const { state } = live(42, () => 1e6)
  expect(state.bytes.byteLength).toBe(stateBytes)
  expect(stateBytes).toBeLessThan(2048)
})

test('no traffic makes a score that is not a number', () => {
  fc.assert(
    fc.property(history, (counts) => {
      for (const reading of readings(counts).all) expect(reading!.score).not.toBeNaN()
    }),
    { numRuns: 25 },
  )
})

test('a state of another version or size is not loaded', () => {
  const { state } = live(3, () => 20)
  const before = Buffer.from(state.bytes)
  const other = newState()
  expect(loadState(state, other.bytes.subarray(1))).toBe(false)
  other.version = 0
  expect(loadState(state, other.bytes)).toBe(false)
  expect(Buffer.from(state.bytes).equals(before)).toBe(true)
})

test('nothing of a key is left in a state that begins anew', () => {
  const { state } = live(42, (at) => at % 97)
  resetState(state)
  expect(state.bytes).toEqual(newState().bytes)
})

test('a late bucket changes nothing and has no reading', () => {
  const { state } = live(3, () => 20)
  const before = Buffer.from(state.bytes)
  expect(step(state, bucketOf(3 * day - 1, { count: 1e6 }))).toBeUndefined()
  expect(step(state, bucketOf(2 * day, { count: 1e6 }))).toBeUndefined()
  expect(Buffer.from(state.bytes).equals(before)).toBe(true)
})

test('a gap of which nothing is known is no silence, and what follows is judged as before', () => {
  const { state } = live(20, () => 50)
  for (let index = 21 * day; index < 22 * day; index++) {
    const reading = step(state, bucketOf(index, { count: 50 }))
    expect(reading?.alert).toBe(false)
  }
  expect(step(state, bucketOf(22 * day, { count: 2000 }))).toMatchObject({ reason: 'spike', alert: true })
})

test('a year without a step takes no longer than the days that are remembered', () => {
  const { state } = live(15, () => 5)
  stepSilence(state, monday + 15 * day * 300, monday + 365 * day * 300, 0)
  expect(step(state, bucketOf(365 * day, { count: 1 }))).toBeDefined()
})
