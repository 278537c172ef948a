import { expect, test } from 'vitest'
import { judge } from '../../bench/against.ts'

test('a figure may be worse by the spread of the base and five percent, and no more', () => {
  const base = [10, 11, 10]
  expect(judge(base, [11.4, 11.4, 20], 'less').isKept).toBe(true)
  expect(judge(base, [11.6, 11.6, 1], 'less').isKept).toBe(false)
})

test('of a figure of which more is better, less is worse', () => {
  expect(judge([0.5, 0.5, 0.5], [0.4, 0.4, 0.4], 'more')).toMatchObject({ ratio: 1.25, isKept: false })
  expect(judge([0.5, 0.5, 0.5], [0.9, 0.9, 0.9], 'more').isKept).toBe(true)
})

test('what became better is kept, however much the base varies', () => {
  expect(judge([10, 30, 20], [5, 5, 5], 'less').isKept).toBe(true)
})
