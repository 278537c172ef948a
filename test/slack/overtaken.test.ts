import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type LocalSlack, startSlack } from 'local-slack'
import { topModal } from 'local-slack/inspect'
import { person } from 'local-slack/person'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { type Running, start } from '../../src/start.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { openDialog, people, said, submit } from '../setup/house.ts'
import { prepare } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'

/** A way to Slack on which the frames of sockets can be held while calls pass. */
async function openWay(slackPort: number) {
  const held: (() => void)[] = []
  const sockets = new Set<Socket | Duplex>()
  let isHolding = false
  const release = () => {
    isHolding = false
    for (const pass of held.splice(0)) pass()
  }
  const server = createServer(pass)
  server.on('upgrade', (incoming, client, head) => {
    const upstream = connect(slackPort, '127.0.0.1')
    for (const one of [client, upstream]) {
      sockets.add(one)
      one.on('error', () => undefined).on('close', () => [client, upstream].map((end) => end.destroy()))
    }
    const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`)
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    upstream.write(head)
    upstream.pipe(client)
    client.on('data', (chunk) => {
      const send = () => upstream.write(chunk)
      if (isHolding) held.push(send)
      else send()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    /** until a dialog has shown a token */
    hold: () => {
      isHolding = true
    },
    close() {
      for (const one of sockets) one.destroy()
      server.closeAllConnections()
      server.close()
    },
  }

  function pass(incoming: IncomingMessage, response: ServerResponse) {
    const options = {
      port: slackPort,
      path: incoming.url,
      method: incoming.method,
      headers: incoming.headers,
    }
    const outgoing = request({ host: '127.0.0.1', ...options }, async (answer) => {
      const body = Buffer.concat(await answer.toArray()).toString()
      const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers
      response.writeHead(answer.statusCode!, headers)
      response.end(body.replaceAll(`ws://127.0.0.1:${slackPort}`, `ws://127.0.0.1:${port}`))
      if (sent.includes('tml_')) release()
    })
    let sent = ''
    incoming.on('data', (chunk) => {
      sent += chunk
    })
    incoming.pipe(outgoing)
  }
}

let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let slack: LocalSlack
let way: Awaited<ReturnType<typeof openWay>>
let keywarden: Running
beforeAll(async () => {
  const manifest = new URL('../../manifest.yml', import.meta.url).pathname
  ;[database, redis, slack] = await Promise.all([
    freshDatabase(),
    freshRedis(),
    startSlack({ clock: systemClock, manifest }),
  ])
  way = await openWay(Number(new URL(slack.url).port))
  const config = readConfig({
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    SLACK_API_URL: `http://127.0.0.1:${way.port}/api/`,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    KEYWARDEN_HTTP_PORT: '0',
    KEYWARDEN_OPERATIONS_TOKEN: 'operations-token-of-this-test',
  })
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  keywarden = await start({ config, roles: ['bot'], log })
  const db = openDatabase(database.url, { connections: 1, name: 'test' })
  await prepare({ config, log, db, clock: systemClock, random: systemRandom }, slack.teamId)
  await db.destroy()
})
afterAll(async () => {
  await keywarden?.stop()
  way?.close()
  await slack?.close()
  await Promise.all([database.drop(), redis.drop()])
})

test('an acknowledgement that a socket brings after the result does not hide the result', async () => {
  const manager = person(slack.url, people.manager)
  const form = await openDialog(manager, 'create Salesforce CRM')
  way.hold()
  expect(await submit(manager, form, { scopes: ['read'] })).toMatchObject({ outcome: 'updated' })
  const shown = await manager.waitFor((screen) => {
    const top = topModal(screen)
    return top && said(top.blocks).includes('tml_') ? top : undefined
  })
  expect(said(shown.blocks)).toContain('Shown once')
})
