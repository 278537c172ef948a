import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundle } from '../faults/lab/bundle.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export type Release = { version: string; commit: string }

/** The releases that the file RELEASES lists, oldest first. */
export const releases: Release[] = [
  ...readFileSync(`${root}RELEASES`, 'utf8').matchAll(/^(\d+\.\d+\.\d+) ([0-9a-f]{40})$/gm),
].map(([, version, commit]) => ({ version: version!, commit: commit! }))

/** Whether this checkout has the code of that release; a shallow clone or an archive may lack it. */
export const isInHistory = ({ commit }: Release): boolean =>
  spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root }).status === 0

export type BuiltRelease = {
  /** its verifier, as the lab starts one */
  main: string
  /** runs a command of its shell and answers with the exit code and all it said */
  run(args: string[], env: Record<string, string>): Promise<{ code: number; said: string }>
  remove(): void
}

/** The code of a release, with the packages of today, as a program that can be run. */
export async function buildRelease({ commit }: Release): Promise<BuiltRelease> {
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-release-'))
  const script =
    'git archive "$1" src jobs migrations schema docs/openapi.yml package.json manifest.yml tsconfig.json | tar -x -C "$2"'
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script, 'bash', commit, folder], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    main: await bundle(folder, join(folder, 'built/bundle/main.mjs')),
    run: async (args, env) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } }
      // Not the bundle: migrations are loaded one by one, as they stand in the folder.
      const command = ['--import', 'tsx', 'src/main.ts', ...args]
      return promisify(execFile)(process.execPath, command, options).then(
        ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
        ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
      )
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
