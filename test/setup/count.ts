import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/**
 * Says at the very end, on a line of its own, how many tests passed and failed. A file that could not be loaded,
 * a hook that failed and an error outside every test count as failures too: none of them is a test that passed.
 */
export default class Count implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const failedTests = tests.filter((test) => test.result().state === 'failed').length
    const brokenSuites = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const failed =
      failedTests + errors.length + brokenSuites.filter((suite) => suite.errors().length > 0).length
    process.stdout.write(`\n${passed} passed, ${failed || (reason === 'passed' ? 0 : 1)} failed\n`)
  }
}
