import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { privateDirectory } from './directory.ts'
import { notDurable, type PostgresServer, serveData } from './postgres.ts'
import { type PostgresPrograms, postgresPrograms } from './postgres-programs.ts'

/** A server as it once was: `start` starts another one that goes on from there. For tests: it waits for no disk. */
export type Kept = { start(): Promise<PostgresServer> }

/** Copies the files of a server that is at rest for the while. */
export async function copyAtRest(server: PostgresServer, given?: PostgresPrograms): Promise<Kept> {
  const programs = given ?? (await postgresPrograms(() => {}))
  const directory = await privateDirectory('postgres', programs.owner, true)
  const data = join(directory, 'data')
  const from = await dataOf(server)
  await server.rest()
  await copy(from, data, programs)
  await server.restart()
  return { start: () => startOver(server, programs, directory, []) }
}

/**
 * Takes a base backup and archives the log from there on. `start` recovers to the moment at which this resolved, once the
 * server is gone: from the archive, and from what the server had not archived yet.
 */
export async function archive(server: PostgresServer, given?: PostgresPrograms): Promise<Kept> {
  const programs = given ?? (await postgresPrograms(() => {}))
  const directory = await privateDirectory('postgres', programs.owner, true)
  const data = join(directory, 'data')
  const from = await dataOf(server)
  await run(server.url, 'alter system set archive_mode = on')
  await run(server.url, `alter system set archive_command = 'cp %p ${directory}/%f'`)
  await server.restart()
  await backUp(server, programs, data)
  await run(server.url, `select pg_create_restore_point('kept')`)
  await run(server.url, 'select pg_switch_wal()')
  const settings = [
    `restore_command=cp ${directory}/%f %p`,
    ...['recovery_target_name=kept', 'recovery_target_action=promote'],
  ]
  return {
    async start() {
      await copy(join(from, 'pg_wal'), data, programs)
      await place(join(data, 'recovery.signal'), '', programs)
      return startOver(server, programs, directory, settings)
    },
  }
}

async function startOver(
  { url }: PostgresServer,
  programs: PostgresPrograms,
  directory: string,
  settings: readonly string[],
): Promise<PostgresServer> {
  const server = await serveData(programs, directory, join(directory, 'data'), [...notDurable, ...settings])
  return { ...server, url: urlOf(server.port, url) }
}

/** The same database, user and password at another port. */
export function urlOf(port: number, like: string): string {
  const url = new URL(like)
  url.port = String(port)
  return url.href
}

export const dataOf = async ({ url }: PostgresServer): Promise<string> =>
  (await run(url, 'show data_directory'))[0].data_directory

/** Runs one statement over a connection of its own. */
export async function run(url: string, statement: string) {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** Copies the files between a start and an end, as pg_basebackup does, which is not among the embedded programs. */
export async function backUp(server: PostgresServer, programs: PostgresPrograms, to: string): Promise<void> {
  const from = await dataOf(server)
  const client = new pg.Client(server.url)
  await client.connect()
  try {
    await client.query(`select pg_backup_start('backup', true)`)
    await copy(from, to, programs)
    const { rows: label } = await client.query('select labelfile from pg_backup_stop(false)')
    // The log from the start of the backup on comes from the primary or an archive; what was copied of it may be torn.
    for (const file of await readdir(join(to, 'pg_wal'), { withFileTypes: true }))
      if (file.isFile()) await rm(join(to, 'pg_wal', file.name))
    await rm(join(to, 'postmaster.pid'))
    await place(join(to, 'backup_label'), label[0].labelfile, programs)
  } finally {
    await client.end()
  }
}

/** As the user that Postgres runs as, so that the copy belongs to that user. */
async function copy(from: string, to: string, { owner }: PostgresPrograms): Promise<void> {
  const child = spawn('cp', ['-R', '-p', from, to], {
    ...owner,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`The data directory could not be copied.\n${said}`)
}

export async function place(path: string, content: string, { owner }: PostgresPrograms): Promise<void> {
  await writeFile(path, content, { mode: 0o600 })
  if (owner) await chown(path, owner.uid, owner.gid)
}
