import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { empty, evict, find, keep } from '../../../src/verification/remembered.ts'
import type { Edit } from '../lab/copy.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

type Learning = typeof import('../../../src/verification/learning.ts')
type Confirming = typeof import('../../../src/leases/confirming.ts')
type Remembered = { find: typeof find; keep: typeof keep; evict: typeof evict; empty: typeof empty }
type Leases = typeof import('../../../src/leases/lease.ts')

/** The product's own code that decides: what the processes carry out is all that the search replaces. */
export type Code = Pick<Learning, 'learn' | 'newLearning'> &
  Pick<Confirming, 'confirm' | 'newConfirming'> &
  Remembered &
  Pick<Leases, 'holds'>

const entry = `export * from './src/verification/learning.ts'
export * from './src/leases/confirming.ts'
export * from './src/verification/remembered.ts'
export { holds } from './src/leases/lease.ts'`

/** The code of the step functions, with these edits in it. */
export async function codeWith(edits: readonly Edit[]): Promise<Code> {
  const { outputFiles } = await build({
    ...{
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      write: false,
      logLevel: 'error',
    },
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    plugins: [
      {
        name: 'edits',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, 'utf8')
            for (const { file, find, replace } of edits)
              if (path === root + file) contents = contents.replace(find, () => replace)
            return { contents, loader: 'ts' }
          }),
      },
    ],
  })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`)
}
