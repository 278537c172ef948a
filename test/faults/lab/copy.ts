import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A change to one source file: what stands there once, and what to put in its place. */
export type Edit = { file: string; find: string; replace: string }

/**
 * A copy of the product, and a bundle of it, with edits, which is how a mutant is switched on: nothing in the product knows of it.
 * @throws Error when an edit does not fit exactly once, because the source moved on
 */
export async function copyOfProduct(
  edits: readonly Edit[],
): Promise<{ folder: string; main: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'keywarden-copy-'))
  for (const part of [
    'src',
    'jobs',
    'migrations',
    'schema',
    'docs',
    'package.json',
    'tsconfig.json',
    'manifest.yml',
  ])
    await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const { file, find, replace } of edits) {
    const path = join(folder, file)
    const parts = (await readFile(path, 'utf8')).split(find)
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
    await writeFile(path, parts.join(replace))
  }
  const main = await bundle(folder, join(folder, 'built/bundle/main.mjs'))
  return { folder, main, remove: () => rm(folder, { recursive: true, force: true }) }
}
