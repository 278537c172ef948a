import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type * as Confirmings from '../../../src/leases/confirming.ts'
import type * as Leases from '../../../src/leases/lease.ts'
import type * as Learnings from '../../../src/verification/learning.ts'
import type * as Memories from '../../../src/verification/remembered.ts'
import type { Edit } from '../lab/copy.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The product's own code that decides: what the processes carry out is all that the search replaces. */
export type Code = typeof Confirmings & typeof Leases & typeof Learnings & typeof Memories

const parts = ['verification/learning', 'verification/remembered', 'leases/confirming', 'leases/lease']
const contents = parts.map((part) => `export * from './src/${part}.ts'`).join('\n')

/** The code of the step functions, with these edits in it. */
export async function codeWith(edits: readonly Edit[]): Promise<Code> {
  const edited = async ({ path }: { path: string }) => {
    const text = await readFile(path, 'utf8')
    const mine = edits.filter(({ file }) => path === root + file)
    return {
      contents: mine.reduce((all, { find, replace }) => all.replace(find, () => replace), text),
      loader: 'ts' as const,
    }
  }
  const { outputFiles } = await build({
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', write: false },
    stdin: { contents, resolveDir: root, loader: 'ts' },
    plugins: [{ name: 'edits', setup: ({ onLoad }) => onLoad({ filter: /\.ts$/ }, edited) }],
  })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`)
}
