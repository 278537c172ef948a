import type { Reporter, TestModule } from 'vitest/node'

const listed = 15
const worthListing = 20

/** Says at the end of a run of many files which of them took longest, what they import included. */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < worthListing) return
    const timed = modules
      .map((module) => {
        const { collectDuration, setupDuration, duration } = module.diagnostic()
        return { path: module.relativeModuleId, seconds: (collectDuration + setupDuration + duration) / 1000 }
      })
      .sort((a, b) => b.seconds - a.seconds)
    const all = timed.reduce((sum, { seconds }) => sum + seconds, 0)
    const lines = timed
      .slice(0, listed)
      .map(({ path, seconds }) => `${seconds.toFixed(1).padStart(7)}  ${path}`)
    process.stdout.write(
      `\nSeconds of the slowest files, of ${all.toFixed(0)} in all:\n${lines.join('\n')}\n`,
    )
  }
}
