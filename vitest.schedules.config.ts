import { defineConfig } from 'vitest/config'
import suite from './vitest.config.ts'

/** The schedules of faults that run apart from `bin/test`; `bin/faults` lists and runs them. */
export default defineConfig({
  // Most of a schedule is waiting for a lease to end, so that three go on at once on two cores.
  test: { ...suite.test, include: ['test/**/*.schedule.ts'], maxConcurrency: 3 },
})
