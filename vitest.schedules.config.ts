import { defineConfig } from 'vitest/config'
import suite from './vitest.config.ts'

/** What runs apart from `bin/test`: the schedules of faults, which `bin/faults` lists, and the image (`bin/image`). */
export default defineConfig({
  // Most of a schedule is waiting for a lease to end, so that three go on at once on two cores.
  test: { ...suite.test, include: ['test/**/*.schedule.ts'], maxConcurrency: 3 },
})
