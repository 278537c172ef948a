import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
// Beside the packages, so that it finds them, and not where bin/keywarden looks for a release.
const folder = `node_modules/.keywarden-${process.pid}`

/** Compiles the product as a release is compiled, for as long as this process lives; answers its main file. */
export function buildProduct(): string {
  process.once('exit', () => rmSync(`${root}${folder}`, { recursive: true, force: true }))
  const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', folder]
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`the product could not be compiled:\n${run.stdout}${run.stderr}`)
  return `${root}${folder}/src/main.js`
}
