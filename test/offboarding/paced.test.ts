import { expect, test } from 'vitest'
import { openOffboarder } from '../../src/offboarding/offboarder.ts'
import { house, useHouse } from '../setup/house.ts'

useHouse()

/** Real milliseconds between the runs of a burst. */
const everyMs = 250

test('runs follow each other without a pause where nobody leaves, and each delivers', async () => {
  let delivered = 0
  const offboard = openOffboarder(house.world, async () => void delivered++)
  const took: number[] = []
  for (let run = 0; run < 12; run++) {
    const began = performance.now()
    await offboard()
    took.push(performance.now() - began)
  }
  expect(delivered).toBe(12)
  // The fastest: a busy machine may hold up any of the others. The first is never paced.
  expect(Math.min(...took.slice(1))).toBeLessThan(everyMs / 2)
})
