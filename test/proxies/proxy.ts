import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled, type ProgramName } from '../../sandbox/services/install.ts'
import { freePort } from '../../sandbox/services/server.ts'
import { until } from '../faults/lab/lab.ts'

const configurations = fileURLToPath(new URL('../../deploy/proxies/', import.meta.url))

/** One of the programs that we ship a configuration for. */
export type Kind = {
  program: ProgramName
  file: string
  /** what else nginx's http block says */
  site?: string
  /** what a site changes in our configuration */
  change?: (text: string) => string
  command(program: string, file: string, folder: string, site: string): string[]
}

const nginx: Kind = {
  program: 'nginx',
  file: 'nginx/keywarden.conf',
  command: (nginx, file, folder, site) => {
    const whole = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
        events {} http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map((name) => `${name}_temp_path ${folder}/${name};`)
          .join(' ')} ${site} include ${file}; }`
    writeFileSync(join(folder, 'nginx.conf'), whole)
    return [nginx, '-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]
  },
}

export const kinds: Record<'nginx' | 'Caddy' | 'HAProxy', Kind> = {
  nginx,
  Caddy: {
    program: 'caddy',
    file: 'caddy/Caddyfile',
    command: (caddy, file) => [caddy, 'run', '--adapter', 'caddyfile', '--config', file],
  },
  HAProxy: {
    program: 'haproxy',
    file: 'haproxy/haproxy.cfg',
    command: (haproxy, file) => [haproxy, '-db', '-f', file],
  },
}

/** Addresses as host:port, and what the configuration says to Keywarden. */
export type Behind = { keywarden: string; platform: string; serviceToken: string; workspace: string }
export type RunningProxy = { url: string; stop(): Promise<void> }

/** Starts the program with our configuration for it, as it is shipped but for the values in capitals. */
export async function startProxy(kind: Kind, behind: Behind): Promise<RunningProxy> {
  const [program] = ensureInstalled([kind.program], console.log)
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-proxy-'))
  const port = await freePort()
  const values: Record<string, string> = {
    LISTEN_ADDRESS: kind.program === 'caddy' ? `http://127.0.0.1:${port}` : `127.0.0.1:${port}`,
    KEYWARDEN_ADDRESS: behind.keywarden,
    PLATFORM_ADDRESS: behind.platform,
    SERVICE_TOKEN: behind.serviceToken,
    WORKSPACE: behind.workspace,
    LUA_FOLDER: join(configurations, 'haproxy'),
  }
  const fillIn = (text: string) =>
    text.replace(
      /\b(?:LISTEN|KEYWARDEN|PLATFORM)_ADDRESS\b|(?<!_)\b(?:SERVICE_TOKEN|WORKSPACE|LUA_FOLDER)\b/g,
      (name) => values[name]!,
    )
  const file = join(folder, 'configuration')
  const shipped = readFileSync(join(configurations, kind.file), 'utf8')
  writeFileSync(file, fillIn(kind.change?.(shipped) ?? shipped))
  // A shell between, whose end of the pipe closes with this process: then the proxy goes too.
  const command = kind.command(program!, file, folder, fillIn(kind.site ?? ''))
  const child: ChildProcess = spawn(
    '/bin/sh',
    ['-c', '"$@" & pid=$!; read -r _; kill -TERM $pid; wait $pid', 'sh', ...command],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: folder },
    },
  )
  let said = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const url = `http://127.0.0.1:${port}`
  const deadline = performance.now() + 15_000
  await until(async () => {
    if (performance.now() > deadline) throw new Error(`${kind.program} does not answer:\n${said}`)
    return fetch(url).catch(() => undefined)
  }, 50)
  return {
    url,
    async stop() {
      child.stdin!.end()
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}
