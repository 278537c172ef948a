import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { backUp, dataOf, place, run, urlOf } from './backups.ts'
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
    // Else the checkpoints of others, each `drop database` is one, remove what the standby has not asked for yet.
    await run(primary.url, `alter system set wal_keep_size = '1GB'`)
    await run(primary.url, 'select pg_reload_conf()')
    await backUp(primary, programs, data)
    await follow(primary.url, programs, data, name)
    const server = await serveData(programs, directory, data, notDurable)
    return { ...server, url: urlOf(server.port, primary.url) }
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
  const data = await dataOf(server)
  await follow(to.url, programs ?? (await postgresPrograms(() => {})), data, 'demoted')
  await server.restart()
}

async function follow(url: string, programs: PostgresPrograms, data: string, name: string): Promise<void> {
  const { hostname, port, username, password } = new URL(url)
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password} application_name=${name}`
  await appendFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`)
  await place(join(data, 'standby.signal'), '', programs)
}
