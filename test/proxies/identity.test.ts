import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asking, openAsking } from '../setup/asking.ts'
import { type Kind, kinds, type RunningProxy, startProxy } from './proxy.ts'
import { folded, identities, joined, spellings, valuesOf } from './spellings.ts'

const proxies: Record<string, Kind> = {
  ...kinds,
  'nginx in a site that allows any name': {
    ...kinds.nginx,
    site: 'underscores_in_headers on; ignore_invalid_headers off;',
  },
}

let asking: Asking
let keywarden: Server
let platform: Server
/** The headers of each request as they came: names and values in turn. */
let heardByKeywarden: string[][] = []
let bodiesHeard: string[] = []
let seenByPlatform: string[][] = []
beforeAll(async () => {
  asking = await openAsking()
  keywarden = createServer((asked, answer) => {
    heardByKeywarden.push(asked.rawHeaders)
    const onward = request(asking.url + asked.url!, { method: asked.method, headers: asked.rawHeaders })
    onward.on('response', (answered) => {
      answered.pipe(answer.writeHead(answered.statusCode!, answered.rawHeaders))
    })
    let body = ''
    asked.on('data', (chunk) => {
      body += chunk
    })
    asked.on('end', () => {
      bodiesHeard.push(body)
      onward.end(body)
    })
  })
  platform = createServer((asked, answer) => {
    seenByPlatform.push(asked.rawHeaders)
    answer.end('from the platform')
  })
  platform.on('upgrade', (asked, socket) => {
    seenByPlatform.push(asked.rawHeaders)
    // The answer to the key below, as in RFC 6455.
    const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${accept}\r\n\r\n`,
    )
    socket.pipe(socket)
  })
  for (const server of [keywarden, platform]) await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  for (const server of [keywarden, platform]) {
    server.closeAllConnections()
    server.close()
  }
  await asking.drop()
})

const addressOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`
const identityOf = (keyId: string) => [
  `X_KEYWARDEN_KEY_ID=${keyId}`,
  'X_KEYWARDEN_SCOPES=read',
  `X_KEYWARDEN_WORKSPACE=${asking.records.workspace.id}`,
]
const forged = (name: string) => `${name}: forged`
const startBefore = (kind: Kind): Promise<RunningProxy> =>
  startProxy(kind, {
    keywarden: addressOf(keywarden),
    platform: addressOf(platform),
    serviceToken: asking.serviceToken,
    workspace: asking.records.workspace.id,
  })

type Answered = { status: number; echoed?: string }

/** Headers by which platforms and their libraries learn where a request comes from or what it asks for. */
const claims = [
  ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Prefix'],
  ...['X-Forwarded-Proto', 'X-Forwarded-Server', 'X-Forwarded-Uri', 'X-Forwarded-User', 'X-Forwarded-Method'],
  ...['X-Original-Uri', 'X-Original-Url', 'X-Original-Method', 'X-Original-Host', 'X-Original-Forwarded-For'],
  ...['X-Real-Ip', 'X-Client-Ip', 'X-Cluster-Client-Ip', 'True-Client-Ip', 'Cf-Connecting-Ip'],
  ...['X-Rewrite-Url', 'X-Http-Method-Override', 'X-Method-Override', 'X-Http-Method'],
]

/** Sends exactly these header lines, in this order. An upgraded connection gets one word, which is waited for. */
async function send(
  url: string,
  lines: readonly string[],
  method = 'GET',
  path = '/v1/contacts?page=2',
  body = '',
): Promise<Answered> {
  heardByKeywarden = []
  bodiesHeard = []
  seenByPlatform = []
  const headers = lines.flatMap((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 2),
  ])
  const { hostname, port } = new URL(url)
  const asked = request({ hostname, port, path, method, headers, agent: false })
  asked.end(body)
  return new Promise((resolve, reject) => {
    asked.on('error', reject)
    asked.on('response', (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode! }))
    })
    asked.on('upgrade', (answer, socket) => {
      socket.write('over the socket')
      socket.once('data', (echoed) => {
        socket.destroy()
        resolve({ status: answer.statusCode!, echoed: String(echoed) })
      })
    })
  })
}

const names = ['X-Keywarden-Key-Id', 'X-Keywarden-Workspace', 'X-Keywarden-Scopes']
const ours = names.join(', ')
const connections: [string, string[]][] = [
  ['names ours', [`Connection: ${ours}`]],
  ['names ours in lower case and closes', [`connection: close,${ours.toLowerCase()}`]],
  ['names ours in an odd case', [`cOnnEction: ${ours.toUpperCase()}`]],
  ['names ours among empty names', [`Connection: keep-alive,, ,\t${names.join('\t,')},`]],
  ['stands there once for each of ours', names.map((name) => `Connection: ${name}`)],
  ['stands there three times', ['Connection: keep-alive', `CONNECTION: ${ours}`, 'connection: close']],
  ['names ours while others forge them', [`Connection: ${ours}`, 'X_Keywarden_Key_Id: forged']],
  ['names ours and an upgrade to nothing', [`Connection: Upgrade, ${ours}`]],
  ['names ours and not the upgrade', [`Connection: ${ours}`, 'Upgrade: websocket']],
]

const handshake = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
const upgrades: [string, string[]][] = [
  ['plainly', ['Connection: Upgrade', 'Upgrade: websocket']],
  ['as browsers do', ['Connection: keep-alive, Upgrade', 'Upgrade: websocket']],
  ['and names ours', [`Connection: uPgrade,${ours}`, `Connection: ${ours}`, 'upgrade: WebSocket']],
  ['beside HTTP/2', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: websocket', 'Upgrade: h2c']],
]

const headers = [
  ...['X-Forwarded-Method', 'X-Forwarded-Uri', 'X-Forwarded-For', 'X-Original-Method', 'X-Original-URI'],
  ...['X-Keywarden-Service-Token', 'X-Keywarden-Workspace'],
]
const own = [
  ...['X-Forwarded-Method: GET', 'X-Original-Method: GET', 'X_Original_Method: GET'],
  ...['X-Forwarded-Uri: /v1/agents', 'X-Original-URI: /v1/agents', 'x_original_uri: /v1/agents'],
  ...['X-Keywarden-Service-Token: kws_forged', 'X_Keywarden_Service_Token: kws_forged'],
  'X-Keywarden-Workspace: ws_forged',
]
const meddling: [string, string[]][] = [
  ['says it itself', own],
  ['has it dropped', [`Connection: ${headers.join(', ')}`]],
  ['says it itself and has the rest dropped', [`Connection: ${headers.join()}`, ...own]],
  ['has the rest dropped line by line', [...headers.map((name) => `connection: ${name}`), ...own]],
  ['asks for a WebSocket besides', [`Connection: upgrade,${headers.join()}`, 'Upgrade: websocket', ...own]],
]

describe.each(Object.entries(proxies))('%s', (name, kind) => {
  const isNginx = kind.program === 'nginx'
  let proxy: RunningProxy
  let host: string
  let keyed: string[]
  let genuine: string[]
  beforeAll(async () => {
    proxy = await startBefore(kind)
    host = `Host: ${new URL(proxy.url).host}`
    const { key, token } = await asking.records.key({ name: `behind ${name}` })
    keyed = [host, `Authorization: Bearer ${token.open()}`]
    genuine = identityOf(key.id)
  })
  afterAll(() => proxy.stop())

  const platformSaw = () => {
    expect(seenByPlatform).toHaveLength(1)
    return folded(seenByPlatform[0]!)
  }

  test.each(spellings)(
    'the platform hears %s from us alone, however a client spells it %s',
    async (_name, _how, spelt) => {
      const answered = await send(proxy.url, [...keyed, ...spelt.map(forged)])
      expect(answered).toEqual({ status: 200 })
      expect(platformSaw()).toEqual(genuine)
    },
  )

  test('the platform hears our names once, also when a client repeats them and sends others like them', async () => {
    const others = ['X-Keywarden-Service-Token', 'X_Keywarden_Other']
    const anyOther = isNginx ? [] : ['X-Keywarden-Other', 'Keywarden']
    const lines = [...names, ...names, ...others, ...anyOther].map(forged)
    expect(await send(proxy.url, [...lines, ...keyed])).toEqual({ status: 200 })
    expect(platformSaw()).toEqual(genuine)
  })

  test.each(connections)(
    'a Connection header that %s takes nothing from the platform',
    async (_how, lines) => {
      expect(await send(proxy.url, [...keyed, ...lines])).toEqual({ status: 200 })
      expect(platformSaw()).toEqual(genuine)
      // A proxy further on would drop what it names.
      expect(valuesOf(seenByPlatform[0]!, 'connection').join()).not.toMatch(/keywarden/i)
    },
  )

  test.each(upgrades)(
    'a client that asks for a WebSocket %s gets one, with its identity',
    async (_how, lines) => {
      const answered = await send(proxy.url, [...keyed, ...handshake, ...lines])
      expect(answered).toEqual({ status: 101, echoed: 'over the socket' })
      expect(platformSaw()).toEqual(genuine)
      expect(valuesOf(seenByPlatform[0]!, 'upgrade')).toEqual(['websocket'])
    },
  )

  test('no WebSocket without a key that may', async () => {
    const lines = [host, 'X-API-Key: tml_nonsense', 'Connection: Upgrade', 'Upgrade: websocket']
    expect(await send(proxy.url, [...lines, ...handshake])).toEqual({ status: 401 })
    expect(seenByPlatform).toEqual([])
  })

  test('a client does not upgrade to HTTP/2, in which its next requests would pass unseen', async () => {
    const lines = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
    expect(await send(proxy.url, [...keyed, ...lines])).toEqual({ status: 200 })
    expect(seenByPlatform).toHaveLength(1)
    expect(valuesOf(seenByPlatform[0]!, 'upgrade')).toEqual([])
  })

  test.each(meddling)(
    'what Keywarden hears is what the proxy says, also when a client %s',
    async (_how, lines) => {
      expect(await send(proxy.url, [...keyed, ...lines], 'POST')).toEqual({ status: 403 })
      expect(heardByKeywarden).toHaveLength(1)
      const heard = (...names: string[]) => names.flatMap((one) => valuesOf(heardByKeywarden[0]!, one))
      expect(heard('x-forwarded-method', 'x-original-method')).toEqual(['POST'])
      expect(heard('x-forwarded-uri', 'x-original-uri')).toEqual(['/v1/contacts?page=2'])
      expect(heard('x-keywarden-service-token')).toEqual([asking.serviceToken])
      expect(heard('x-keywarden-workspace')).toEqual([asking.records.workspace.id])
      expect(heard('x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(seenByPlatform).toEqual([])
    },
  )

  test('the platform hears from where a request comes from the proxy alone, whatever a client claims', async () => {
    const spelt = claims.flatMap((name) => [name, name.toUpperCase(), name.replaceAll('-', '_')])
    for (const lines of [spelt, [...claims, ...claims]]) {
      expect(await send(proxy.url, [...keyed, ...lines.map(forged)])).toEqual({ status: 200 })
      const [seen] = seenByPlatform
      expect(seen!.join()).not.toMatch(/forged/)
      expect(valuesOf(seen!, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(valuesOf(seen!, 'x-forwarded-proto')).toEqual(['http'])
    }
  })

  test('Keywarden hears the key and what it needs, and no cookie, body or token of another system', async () => {
    const [, bearer = ''] = keyed
    const key = bearer.replace('Authorization: Bearer', 'X-API-Key:')
    const foreign = [
      'Authorization: Bearer foreign',
      'Cookie: foreign=1',
      'Proxy-Authorization: Basic foreign',
    ]
    const others = ['X-Auth-Token: foreign', 'X-Amz-Security-Token: foreign', 'Content-Length: 7']
    const answered = await send(
      proxy.url,
      [host, key, ...foreign, ...others, 'User-Agent: mine/1'],
      'GET',
      '/v1/x',
      'foreign',
    )
    expect(answered).toEqual({ status: 200 })
    const [heard] = heardByKeywarden
    expect(heard!.join()).not.toMatch(/foreign/)
    expect(valuesOf(heard!, 'content-length').join()).toMatch(/^0?$/)
    expect(valuesOf(heard!, 'transfer-encoding')).toEqual([])
    expect(bodiesHeard).toEqual([''])
    expect(valuesOf(heard!, 'user-agent')).toEqual(['mine/1'])
  })

  test('a request with large headers works as it does without Keywarden', async () => {
    const large = Array.from({ length: 3 }, (_, i) => `X-Large-${i}: ${'x'.repeat(4_500)}`)
    expect(await send(proxy.url, [...keyed, ...large])).toEqual({ status: 200 })
  })

  test.each([
    '/v1/contacts/../agents',
    '/v1/contacts/%2e%2e/agents',
    '//v1/agents',
    '/v1/agents%2f..%2fcontacts',
  ])('the platform does not hear of a path that it could read differently: %s', async (path) => {
    expect((await send(proxy.url, keyed, 'GET', path)).status).toBeOneOf([400, 403])
    expect(seenByPlatform).toEqual([])
  })

  test('a path that servers read differently is the answer of 403', async () => {
    const url = `${proxy.url}/v1/contacts//x`
    const [, bearer = ''] = keyed
    const answer = await fetch(url, { headers: { authorization: bearer.slice('Authorization: '.length) } })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer error="invalid_request", error_description="UNCLEAR_PATH"',
    ])
    if (kind.program !== 'caddy') expect(await answer.json()).toEqual({ error: 'invalid_request' })
  })

  const preflight = ['Origin: https://app.test', 'Access-Control-Request-Method: POST']
  test('a preflight needs a key too, unless the configuration says otherwise', async () => {
    expect(await send(proxy.url, [host, ...preflight], 'OPTIONS')).toEqual({ status: 401 })
  })

  test('a client cannot have its key dropped on the way to Keywarden', async () => {
    const answered = await send(proxy.url, [...keyed, 'Connection: Authorization, X-API-Key'])
    expect(answered).toEqual({ status: 200 })
  })
})

test.each(Object.entries(kinds))(
  '%s lets a preflight without a key through where it is set up for it, and nothing else',
  async (_name, kind) => {
    const proxy = await startBefore({ ...kind, change: (text) => text.replaceAll('#CORS ', '') })
    const host = `Host: ${new URL(proxy.url).host}`
    const asks = ['Origin: https://app.test', 'Access-Control-Request-Method: POST']
    try {
      const lines = [host, ...asks, ...names.map(forged), 'X-API-Key: secret', 'Authorization: Bearer secret']
      expect(await send(proxy.url, lines, 'OPTIONS')).toEqual({ status: 200 })
      expect(seenByPlatform.map(folded)).toEqual([[]])
      expect(seenByPlatform[0]!.join()).not.toMatch(/forged|secret/)
      expect(heardByKeywarden).toEqual([])
      for (const [some, method] of [
        [asks, 'GET'],
        [asks, 'POST'],
        [asks.slice(0, 1), 'OPTIONS'],
        [asks.slice(1), 'OPTIONS'],
      ] as const)
        expect(await send(proxy.url, [host, ...some], method)).toEqual({ status: 401 })
      expect(seenByPlatform).toEqual([])
      const { key, token } = await asking.records.key({ name: `preflight ${_name}` })
      expect(await send(proxy.url, [host, `X-API-Key: ${token.open()}`])).toEqual({ status: 200 })
      expect(seenByPlatform.map(folded)).toEqual([identityOf(key.id)])
    } finally {
      await proxy.stop()
    }
  },
)

test('nginx drops underscores also where another server of the same address allows them', async () => {
  const other = 'server { listen LISTEN_ADDRESS default_server; server_name other; return 204; }'
  const proxy = await startBefore({
    ...kinds.nginx,
    site: `underscores_in_headers on; ${other}`,
    change: (text) => text.replace('server_tokens off;', 'server_tokens off; server_name platform.test;'),
  })
  const { key, token } = await asking.records.key({ name: 'behind another server' })
  const spelt = identities.flatMap((words) => joined(words, ['-', '_']))
  // nginx reads what stands before Host as the other server says.
  const lines = [...spelt.map(forged), `Authorization: Bearer ${token.open()}`, 'Host: platform.test']
  const answered = await send(proxy.url, lines)
  await proxy.stop()
  expect(answered).toEqual({ status: 200 })
  expect(seenByPlatform.map(folded)).toEqual([identityOf(key.id)])
})
