import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { copyOfProduct } from '../faults/lab/copy.ts'

const kind = {
  file: 'src/findings/finding.ts',
  find: "  | 'expiring'\n",
  replace: "  | 'expiring'\n  | 'brand-new'\n",
}

/** The compiler's errors in a copy of the product. */
const complaintsOf = (folder: string): Promise<string[]> =>
  new Promise((resolve) => {
    const args = ['node_modules/typescript/bin/tsc', '--noEmit', '--project', 'tsconfig.json']
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1e8 }, (_error, stdout) =>
      resolve(stdout.split('\n').filter((line) => /^(src|jobs)\/.*error TS/.test(line))),
    )
  })

test('the compiler names every place that a new kind of finding needs, and they are at most six', async () => {
  const untouched = await copyOfProduct([])
  const copy = await copyOfProduct([kind])
  try {
    expect(await complaintsOf(untouched.folder)).toEqual([])
    const places = new Set((await complaintsOf(copy.folder)).map((line) => line.split('(')[0]))
    expect([...places].sort()).toEqual([
      'jobs/finding-jobs.ts',
      'src/findings/questions.ts',
      'src/slack/messages/alerts/kinds.ts',
    ])
  } finally {
    await Promise.all([untouched.remove(), copy.remove()])
  }
})
