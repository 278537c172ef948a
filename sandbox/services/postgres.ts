import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { privateDirectory } from './directory.ts'
import { type PostgresPrograms, postgresPrograms } from './postgres-programs.ts'
import { type LocalServer, startServer } from './server.ts'

export type PostgresServer = LocalServer & { url: string }

export type PostgresOptions = {
  /** called with one line for each step that takes time or changes the machine */
  log?: (line: string) => void
  /** false: nothing waits for the disk, and the data may be in memory, for tests; default true */
  durable?: boolean
  /** true: starts a server even if DATABASE_URL is given, for tests that crash it */
  own?: boolean
  /** instead of the embedded one; always a server of its own */
  programs?: PostgresPrograms
}

export const notDurable = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']

/**
 * Starts a PostgreSQL of its own on a free port of 127.0.0.1, with a random password, in a directory that is
 * removed at the end; it ends with this process at the latest. Given DATABASE_URL it starts nothing: stop() is
 * then a no-op, and kill(), rest() and restart() refuse.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const given = process.env.DATABASE_URL
  if (given && !options.own && !options.programs) return givenServer('DATABASE_URL', given, 5432)
  const programs = options.programs ?? (await postgresPrograms(options.log ?? (() => {})))
  const directory = await privateDirectory('postgres', programs.owner, options.durable === false)
  const data = join(directory, 'data')
  const password = randomBytes(18).toString('base64url')
  try {
    await initialise(programs, directory, data, password)
    const server = await serveData(programs, directory, data, options.durable === false ? notDurable : [])
    return { ...server, url: `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres` }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** Starts a server on a free port of 127.0.0.1 over a data directory that is there, within the server's own one. */
export function serveData(
  programs: PostgresPrograms,
  directory: string,
  data: string,
  more: readonly string[],
): Promise<LocalServer> {
  const settings = [
    ...['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'max_connections=200'],
    ...['timezone=UTC', 'log_timezone=UTC', 'lc_messages=C'],
    ...more,
  ]
  return startServer({
    name: 'postgres',
    directory,
    owner: programs.owner,
    command: (port) => [
      programs.postgres,
      ...['-D', data, '-p', String(port)],
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    isReady: ({ pid }) => isReady(data, pid),
    restSignal: 'SIGINT',
    endSignal: 'QUIT',
    // After a crash the old backends need a moment to let go of the shared memory.
    worthRetrying: /Address already in use|pre-existing shared memory block|is still in use/,
  })
}

/** The stand-in for a server that the caller runs. */
export function givenServer(variable: string, url: string, defaultPort: number): PostgresServer {
  const refuse = async () => {
    throw new Error(`The server of ${variable} is not ours to stop.`)
  }
  const port = Number(new URL(url).port) || defaultPort
  return { url, port, pid: () => 0, kill: refuse, rest: refuse, restart: refuse, stop: async () => {} }
}

async function initialise(programs: PostgresPrograms, directory: string, data: string, password: string) {
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (programs.owner) await chown(passwordFile, programs.owner.uid, programs.owner.gid)
  const child = spawn(
    programs.initdb,
    [
      ...['--pgdata', data, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ...['--encoding=UTF8', ...programs.locale],
      ...['--no-sync', '--no-instructions'],
    ],
    { ...programs.owner, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  await rm(passwordFile)
  if (code !== 0) throw new Error(`initdb failed.\n${stdout}${stderr}`)
}

/**
 * The file that pg_ctl reads: the first line of postmaster.pid is the process id, the eighth its state. A hot standby is
 * `standby` as soon as it can be read from.
 */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  return lines[0] === String(pid) && /^(ready|standby)\s*$/.test(lines[7] ?? '')
}
