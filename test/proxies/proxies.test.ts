import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureInstalled, type ProgramName } from '../../sandbox/services/install.ts'
import { freePort } from '../../sandbox/services/server.ts'
import { until } from '../faults/lab/lab.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

const configurations = fileURLToPath(new URL('../../deploy/proxies/', import.meta.url))

type Kind = {
  program: ProgramName
  file: string
  command(program: string, file: string, folder: string): string[]
}

const kinds: Record<string, Kind> = {
  nginx: {
    program: 'nginx',
    file: 'nginx/keywarden.conf',
    command: (nginx, file, folder) => {
      const whole = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
        events {} http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map((name) => `${name}_temp_path ${folder}/${name};`)
          .join(' ')} include ${file}; }`
      writeFileSync(join(folder, 'nginx.conf'), whole)
      return [nginx, '-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]
    },
  },
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

let asking: Asking
let platform: Server
let seen: IncomingHttpHeaders[] = []
beforeAll(async () => {
  asking = await openAsking()
  platform = createServer((request, response) => {
    seen.push(request.headers)
    response.end('from the platform')
  }).listen(0, '127.0.0.1')
  await once(platform, 'listening')
})
afterAll(async () => {
  platform.closeAllConnections()
  platform.close()
  await asking.drop()
})

async function startProxy(kind: Kind, keywarden: string): Promise<{ url: string; stop(): Promise<void> }> {
  const [program] = ensureInstalled([kind.program], console.log)
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-proxy-'))
  const port = await freePort()
  const values: Record<string, string> = {
    LISTEN_ADDRESS: kind.program === 'caddy' ? `http://127.0.0.1:${port}` : `127.0.0.1:${port}`,
    KEYWARDEN_ADDRESS: keywarden,
    PLATFORM_ADDRESS: `127.0.0.1:${(platform.address() as AddressInfo).port}`,
    SERVICE_TOKEN: asking.serviceToken,
    WORKSPACE: asking.records.workspace.id,
    LUA_FOLDER: join(configurations, 'haproxy'),
  }
  const text = readFileSync(join(configurations, kind.file), 'utf8')
  const file = join(folder, 'configuration')
  writeFileSync(
    file,
    text.replace(
      /\b(?:LISTEN|KEYWARDEN|PLATFORM)_ADDRESS\b|(?<!_)\b(?:SERVICE_TOKEN|WORKSPACE|LUA_FOLDER)\b/g,
      (name) => values[name]!,
    ),
  )
  // A shell between, whose end of the pipe closes with this process: then the proxy goes too.
  const command = kind.command(program!, file, folder)
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

describe.each(Object.entries(kinds))('%s', (name, kind) => {
  let proxy: { url: string; stop(): Promise<void> }
  let token: string
  let keyId: string
  beforeAll(async () => {
    proxy = await startProxy(kind, new URL(asking.url).host)
    const made = await asking.records.key({ name: `behind ${name}` })
    token = made.token.open()
    keyId = made.key.id
  })
  afterAll(() => proxy.stop())

  const call = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(`${proxy.url}/v1/contacts?page=2`, { ...init, headers })

  test('lets a good key through, and tells the platform whose it is but not the key', async () => {
    seen = []
    const response = await call({ authorization: `Bearer ${token}`, 'x-keywarden-key-id': 'key_forged' })
    expect([response.status, await response.text()]).toEqual([200, 'from the platform'])
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      'x-keywarden-key-id': keyId,
      'x-keywarden-workspace': asking.records.workspace.id,
      'x-keywarden-scopes': 'read',
    })
    expect(JSON.stringify(seen[0])).not.toContain(token)
  })

  test('401 reaches the client, with its challenge', async () => {
    const none = await call()
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    const unknown = await call({ 'x-api-key': 'tml_nonsense' })
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ])
  })

  test('403 reaches the client, with the scope that is missing', async () => {
    const response = await call({ authorization: `Bearer ${token}` }, { method: 'POST', body: '{}' })
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="write"')
  })

  test('a client that says itself what it asks for is not believed', async () => {
    const response = await call(
      { authorization: `Bearer ${token}`, 'x-original-method': 'GET', 'x-forwarded-method': 'GET' },
      { method: 'POST', body: '{}' },
    )
    expect(response.status).toBe(403)
  })

  test('429 reaches the client, with what is left and until when', async () => {
    const { key, token: limited } = await asking.records.key({ name: `limited behind ${name}` })
    await asking.records.world.db('keys').where({ id: key.id }).update({ limit_per_minute: 1 })
    await asking.confirmed()
    const once = () => call({ 'x-api-key': limited.open() })
    await once()
    // A new minute may begin between two, but not between all three.
    await once()
    const response = await once()
    expect(response.status).toBe(429)
    expect(response.headers.get('ratelimit-policy')).toBe('"minute";q=1;w=60')
    expect(response.headers.get('ratelimit')).toMatch(/^"minute";r=0;t=\d+$/)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('503 reaches the client when Keywarden is away, and the platform hears nothing', async () => {
    const away = await startProxy(kind, `127.0.0.1:${await freePort()}`)
    seen = []
    const response = await fetch(`${away.url}/v1/contacts`, { headers: { authorization: `Bearer ${token}` } })
    await away.stop()
    expect([response.status, seen]).toEqual([503, []])
  })
})

test('503 reaches the client through every proxy when Keywarden itself cannot decide', async () => {
  const undecided = createServer((_request, response) => {
    response.writeHead(503, { 'retry-after': '1', 'content-length': '0' }).end()
  }).listen(0, '127.0.0.1')
  await once(undecided, 'listening')
  seen = []
  for (const [name, kind] of Object.entries(kinds)) {
    const proxy = await startProxy(kind, `127.0.0.1:${(undecided.address() as AddressInfo).port}`)
    const response = await fetch(`${proxy.url}/v1/contacts`, { headers: { 'x-api-key': 'x' } })
    await proxy.stop()
    expect([name, response.status, response.headers.get('retry-after')]).toEqual([name, 503, '1'])
  }
  expect(seen).toEqual([])
  undecided.closeAllConnections()
  undecided.close()
})
