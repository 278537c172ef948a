import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest on two idle cores, and would keep one of them waiting if they came last. */
const longest = [
  'test/demo/demo.test.ts',
  'test/faults/stop-in-trouble.test.ts',
  'test/watch/crash.test.ts',
  'test/faults/lost-commit.test.ts',
  'test/playbooks/servers.test.ts',
  'test/model/model.test.ts',
  'test/leases/numbers.test.ts',
  'test/rotation/killed.test.ts',
  'test/faults/migrate.test.ts',
  'test/watch/journey.test.ts',
  'test/alerts/delivery.test.ts',
  'test/usage/plans.test.ts',
  'test/usage/folding.test.ts',
  'test/leases/recovery.test.ts',
  'test/journeys/rotation.test.ts',
]

/** Begins with the longest files; the others come in Vitest's own order. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((path) => moduleId.endsWith(`/${path}`))
      return found < 0 ? longest.length : found
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}
