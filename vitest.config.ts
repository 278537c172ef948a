import { defineConfig } from 'vitest/config'
import LongestFirst from './test/setup/longest-first.ts'

export default defineConfig({
  test: {
    include: ['{test,local-slack/test}/**/*.test.ts'],
    globalSetup: ['test/setup/global.ts'],
    reporters: ['default', './test/setup/slowest.ts', './test/setup/count.ts'],
    sequence: { sequencer: LongestFirst },
    // Processes, not threads: tests start children, change the environment and end servers.
    pool: 'forks',
    maxWorkers: 2,
    // Each file has databases of its own, so the files of a worker share what they import: a second a file.
    isolate: false,
    // It only ends what hangs: on a busy machine a story through Slack may take half a minute.
    testTimeout: 120_000,
    // A fact that is waited for may take its time on a busy machine; waiting ends as soon as it is there.
    expect: { poll: { timeout: 40_000 } },
    hookTimeout: 120_000,
  },
})
