import { once } from 'node:events'
import { chown, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { privateDirectory } from './directory.ts'
import { ensureInstalled } from './install.ts'
import { ownerOfServers } from './postgres-programs.ts'
import { freePort, type LocalServer, startServer } from './server.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'

/**
 * Starts a PgBouncer of its own before a Postgres, on a free port of 127.0.0.1; it ends with this process at the latest.
 * Everybody who connects to it is the role of `databaseUrl`. Where there is no PgBouncer it is installed.
 * @param more lines of its configuration
 * @throws Error as `ensureInstalled`
 */
export async function startPgBouncer(
  databaseUrl: string,
  mode: PoolMode,
  more: readonly string[] = [],
): Promise<LocalServer & { url: string }> {
  const [program] = ensureInstalled(['pgbouncer']) as [string]
  const owner = ownerOfServers(() => {})
  const directory = await privateDirectory('pgbouncer', owner)
  const configuration = join(directory, 'pgbouncer.ini')
  const port = await freePort()
  const { hostname, port: server, username, password } = new URL(databaseUrl)
  await writeFile(
    configuration,
    [
      '[databases]',
      `* = host=${hostname} port=${server} user=${username} password=${password}`,
      '[pgbouncer]',
      ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'auth_type = any'],
      ...[`pool_mode = ${mode}`, ...more, ''],
    ].join('\n'),
    { mode: 0o600 },
  )
  if (owner) await chown(configuration, owner.uid, owner.gid)
  try {
    const pooler = await startServer({
      ...{ name: 'pgbouncer', directory, owner, port },
      command: () => [program, configuration],
      isReady: () => answers(port),
      restSignal: 'SIGTERM',
      endSignal: 'KILL',
      worthRetrying: /Address already in use/,
    })
    const url = new URL(databaseUrl)
    url.port = String(port)
    return { ...pooler, url: url.href }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isThere
}
