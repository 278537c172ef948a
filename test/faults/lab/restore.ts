import { administer, databaseUrl } from '../../setup/administer.ts'
import type { Lab } from './lab.ts'

/** A database as it once was, to be put back. */
export type Dump = { restore(): Promise<void> }

/**
 * Dumps what pg_dump does: every table with its rows, unlogged ones included. It is restored as another database of the
 * same cluster, under the same name. The copy is taken while nobody is connected; clients reconnect by themselves.
 */
export async function dump(lab: Lab): Promise<Dump> {
  const server = databaseUrl(lab.url, 'postgres')
  const name = new URL(lab.url).pathname.slice(1)
  const copy = `${name}_copy`
  const run = (statement: string) => administer(server, statement)
  await run(`alter database ${name} with allow_connections false`)
  await run(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}'`)
  await run(`create database ${copy} template ${name} strategy file_copy`)
  await run(`alter database ${name} with allow_connections true`)
  await lab.keys(0)
  return {
    async restore() {
      await run(`drop database ${name} with (force)`)
      await run(`alter database ${copy} rename to ${name}`)
      await lab.keys(0)
    },
  }
}
