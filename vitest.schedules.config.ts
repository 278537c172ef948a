import { defineConfig } from 'vitest/config'
import suite from './vitest.config.ts'

/** The schedules of faults that run apart from `bin/test`; `bin/faults` lists and runs them. */
export default defineConfig({ test: { ...suite.test, include: ['test/**/*.schedule.ts'] } })
