import { defineConfig } from 'vitest/config'

/** The tests that need no server, which every mutant is tried with: `npm run mutation`. */
export default defineConfig({
  test: {
    include: [
      'test/pure/**/*.test.ts',
      'test/audit/{describe,evidence,inspect,proven}.test.ts',
      'test/leases/lease.test.ts',
      'test/properties/{drafts,verdicts}.test.ts',
      'test/verification/{restrictions,scope-table}.test.ts',
    ],
    testTimeout: 30_000,
  },
})
