import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The supported lines of Node, each with the hash of the npm package that holds its program. */
const lines = {
  22: {
    version: '22.23.3',
    packages: {
      'linux-x64':
        'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
      'linux-arm64':
        'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    },
  },
  24: {
    version: '24.21.0',
    packages: {
      'linux-x64':
        'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      'linux-arm64':
        'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
} as const satisfies Record<number, { version: string; packages: Record<string, string> }>

export type NodeLine = keyof typeof lines
export const nodeLines = Object.keys(lines).map(Number) as NodeLine[]

const cache = process.getuid?.() === 0 ? '/var/cache/keywarden' : join(homedir(), '.cache', 'keywarden')

/**
 * The folder that holds the `node` program of that line, for a PATH: the one that npm's package `node` would bring.
 * It is fetched once, into a cache outside node_modules, so that `npm ci` stays small.
 * @throws Error that says why it cannot be had: no package for this machine, no registry, or a package that is not the
 * one whose hash is written here.
 */
export async function nodeFolder(line: NodeLine, log: (line: string) => void): Promise<string> {
  const { version, packages } = lines[line]
  const platform = `${process.platform}-${process.arch}`
  const folder = join(cache, `node-${version}-${process.arch}`)
  if (existsSync(folder)) return folder
  const hash: string | undefined = (packages as Record<string, string>)[platform]
  if (!hash) throw new Error(`The tests have no Node ${line} for ${platform}.`)
  log(`Fetching Node ${version} to ${folder}`)
  await mkdir(cache, { recursive: true, mode: 0o755 })
  // Made beside its destination and renamed, so that the folder is whole or absent and two runs may race.
  const partial = await mkdtemp(`${folder}.`)
  try {
    fetchProgram(`node-${platform}`, version, hash, partial)
    await rename(partial, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}

function fetchProgram(name: string, version: string, hash: string, into: string): void {
  const options = ['--loglevel=error', '--fetch-retries=1', '--fetch-timeout=60000']
  const packed = spawnSync('npm', ['pack', `${name}@${version}`, ...options], { cwd: into, encoding: 'utf8' })
  if (packed.status !== 0)
    throw new Error(
      `The npm registry cannot be reached, or has no ${name}@${version}:\n${packed.error?.message ?? packed.stderr.split('\n').slice(0, 4).join('\n')}`,
    )
  const file = join(into, `${name}-${version}.tgz`)
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (found !== hash) throw new Error(`${name}@${version} is not what was expected: its hash is ${found}.`)
  const unpacked = spawnSync('tar', ['-xzf', file, '--strip-components=2', 'package/bin/node'], {
    cwd: into,
    encoding: 'utf8',
  })
  if (unpacked.status !== 0) throw new Error(`${file} could not be unpacked: ${unpacked.stderr.trim()}`)
  rmSync(file)
}
