import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chown, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { privateDirectory } from './directory.ts'
import { notDurable, type PostgresServer, serveData } from './postgres.ts'
import { type PostgresPrograms, postgresPrograms } from './postgres-programs.ts'

/**
 * Starts a hot standby of a server that `startPostgres` started: it follows what is written there, can be read from,
 * and can be promoted with `pg_promote()`. Roles, passwords and databases are the primary's. For tests: it waits for no disk.
 * @param programs those of the primary, where they are not the embedded ones
 * @param name as `synchronous_standby_names` may name it
 */
export async function startStandby(
  primary: PostgresServer,
  { programs: given, name = 'standby' }: { programs?: PostgresPrograms; name?: string } = {},
): Promise<PostgresServer> {
  const programs = given ?? (await postgresPrograms(() => {}))
  const directory = await privateDirectory('postgres', programs.owner, true)
  const data = join(directory, 'data')
  try {
    await backUp(primary.url, programs, data)
    await follow(primary.url, programs, data, name)
    const server = await serveData(programs, directory, data, notDurable)
    const url = new URL(primary.url)
    url.port = String(server.port)
    return { ...server, url: url.href }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** Makes a server that ran as a primary a hot standby of another, which goes on from where this one ends. */
export async function demote(
  server: PostgresServer,
  to: PostgresServer,
  programs?: PostgresPrograms,
): Promise<void> {
  const client = new pg.Client(server.url)
  await client.connect()
  const { rows } = await client.query('show data_directory')
  await client.end()
  await follow(to.url, programs ?? (await postgresPrograms(() => {})), rows[0].data_directory, 'demoted')
  await server.restart()
}

/** Copies the files between a start and an end, as pg_basebackup does, which is not among the embedded programs. */
async function backUp(url: string, programs: PostgresPrograms, to: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows: where } = await client.query('show data_directory')
    await client.query(`select pg_backup_start('standby', true)`)
    await copy(where[0].data_directory, to, programs)
    const { rows: label } = await client.query('select labelfile from pg_backup_stop(false)')
    // The log comes from the primary, from the start of the backup on; what was copied of it may be torn.
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

async function follow(url: string, programs: PostgresPrograms, data: string, name: string): Promise<void> {
  const { hostname, port, username, password } = new URL(url)
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password} application_name=${name}`
  await appendFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`)
  await place(join(data, 'standby.signal'), '', programs)
}

async function place(path: string, content: string, { owner }: PostgresPrograms): Promise<void> {
  await writeFile(path, content, { mode: 0o600 })
  if (owner) await chown(path, owner.uid, owner.gid)
}
