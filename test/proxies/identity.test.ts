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
let seenByPlatform: string[][] = []
beforeAll(async () => {
  asking = await openAsking()
  keywarden = createServer((asked, answer) => {
    heardByKeywarden.push(asked.rawHeaders)
    const onward = request(asking.url + asked.url!, { method: asked.method, headers: asked.rawHeaders })
    onward.on('response', (answered) => {
      answered.pipe(answer.writeHead(answered.statusCode!, answered.rawHeaders))
    })
    asked.pipe(onward)
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

/** Sends exactly these header lines, in this order. An upgraded connection gets one word, which is waited for. */
async function send(url: string, lines: readonly string[], method = 'GET'): Promise<Answered> {
  heardByKeywarden = []
  seenByPlatform = []
  const headers = lines.flatMap((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 2),
  ])
  const asked = request(`${url}/v1/contacts?page=2`, { method, headers, agent: false })
  asked.end()
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
  ['beside HTTP/2', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'Upgrade: websocket']],
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
      // nginx is not set up for it and passes on an ordinary request.
      expect(answered).toEqual(isNginx ? { status: 200 } : { status: 101, echoed: 'over the socket' })
      expect(platformSaw()).toEqual(genuine)
      expect(valuesOf(seenByPlatform[0]!, 'upgrade')).toEqual(isNginx ? [] : ['websocket'])
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
      expect(heard('x-forwarded-for').at(-1)).toBe('127.0.0.1')
      expect(seenByPlatform).toEqual([])
    },
  )

  test('a client cannot have its key dropped on the way to Keywarden', async () => {
    const answered = await send(proxy.url, [...keyed, 'Connection: Authorization, X-API-Key'])
    expect(answered).toEqual({ status: 200 })
  })
})

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
