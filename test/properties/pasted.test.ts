import { afterAll, beforeAll, expect, test } from 'vitest'
import { falseEnds, openNearMisses } from '../leaks/near-misses.ts'

const count = Number(process.env.NEAR_MISSES ?? 10_000)
const seed = Number(process.env.FAULTS_SEED ?? 1)
let stage: Awaited<ReturnType<typeof openNearMisses>>
beforeAll(async () => {
  stage = await openNearMisses()
})
afterAll(() => stage.drop())

test('of the texts that nearly hold a live token none ends a key, and each that holds one names its key alone', async () => {
  const { nearMisses, ends, wholes, found } = await falseEnds(stage, { count, seed })
  console.log(JSON.stringify({ nearMisses, falseEnds: ends.length, wholes, found, seed }))
  expect(nearMisses).toBe(count)
  expect(ends).toEqual([])
  // Or nothing would be shown by that.
  expect(wholes).toBeGreaterThan(count / 20)
  expect(found).toBe(wholes)
}, 3_600_000)
