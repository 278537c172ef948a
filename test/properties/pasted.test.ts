import { afterAll, beforeAll, expect, test } from 'vitest'
import { falseEnds, openNearMisses } from '../leaks/near-misses.ts'

let stage: Awaited<ReturnType<typeof openNearMisses>>
beforeAll(async () => {
  stage = await openNearMisses()
})
afterAll(() => stage.drop())

test('of ten thousand texts that nearly hold a live token none ends a key, and each that holds one names its key alone', async () => {
  const { nearMisses, ends, wholes, found } = await falseEnds(stage, { count: 10_000, seed: 1 })
  expect(nearMisses).toBe(10_000)
  expect(ends).toEqual([])
  // Or nothing would be shown by that.
  expect(wholes).toBeGreaterThan(500)
  expect(found).toBe(wholes)
})
