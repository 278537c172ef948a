import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchOperations, operationsToken } from '../../sandbox/operations.ts'
import { hashToken } from '../../src/keys/token.ts'
import { type Lab, openLab } from '../faults/lab/lab.ts'
import { serviceToken } from '../faults/lab/seed.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let collector: Server
let database: FreshDatabase
let lab: Lab
const bodies: string[] = []
beforeAll(async () => {
  collector = createServer(async (request, response) => {
    bodies.push(await text(request))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  collector.listen(0, '127.0.0.1')
  await new Promise((resolve) => collector.once('listening', resolve))
  database = await freshDatabase()
  lab = await openLab(database.url)
})
afterAll(async () => {
  await lab?.close()
  await database?.drop()
  collector.closeAllConnections()
  collector.close()
})

const soon = { timeout: 60_000, interval: 100 }
type Span = { name: string; traceId: string; attributes: { key: string; value: object }[] }
const spans = (): Span[] =>
  bodies.flatMap((body) =>
    JSON.parse(body).resourceSpans.flatMap((resource: { scopeSpans: { spans: Span[] }[] }) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ),
  )

test('exported spans name requests and queries, and hold no token, header, address or parameter', async () => {
  const { port } = collector.address() as AddressInfo
  const { process, ask } = await lab.place({
    KEYWARDEN_TRACES: `http://127.0.0.1:${port}/v1/traces`,
    KEYWARDEN_TRACES_SHARE: '1',
  })
  const [key] = await lab.keys(1)
  await expect.poll(() => ask(key!), soon).toBe('VALID')
  const forwarded = await fetch(`${process.url}/v1/forward-auth/canary-of-the-path?canary-of-the-query=1`, {
    headers: {
      authorization: `Bearer ${serviceToken}`,
      'x-api-key': key!.token,
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': `/v1/contacts?api_key=${key!.token}&canary-of-the-uri=1`,
      'x-forwarded-for': '203.0.113.77',
      'user-agent': 'canary-of-the-agent',
      traceparent: '00-cafecafecafecafecafecafecafecafe-cafecafecafecafe-01',
    },
  })
  await forwarded.text()
  const outcome = {
    keyId: key!.id,
    method: 'GET',
    path: '/canary-of-the-outcome',
    status: 200,
    ip: '203.0.113.77',
  }
  const reported = await fetch(`${process.url}/v1/usage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ batch: 'canary-of-the-batch', outcomes: [outcome] }),
  })
  expect(await reported.json()).toMatchObject({ recorded: true })
  await (await fetch(`${process.url}/${key!.token}?canary-of-another=1`)).text()
  await (await fetchOperations(`${process.url}/readyz?canary-of-another=1`)).text()

  const names = () => spans().map(({ name }) => name)
  await expect
    .poll(names, soon)
    .toEqual(
      expect.arrayContaining(['POST /v1/verify', 'GET /v1/forward-auth', 'GET another', 'GET /readyz']),
    )
  // So that the search below has something to find: the texts of queries do leave.
  await expect.poll(() => bodies.join(), soon).toMatch(/"stringValue":"select take_outcomes\(/)
  const canaries = [
    ...[key!.token, key!.token.slice(4, 20), hashToken(key!.token).toString('hex'), key!.id],
    ...[serviceToken, operationsToken, 'canary', '203.0.113.77', 'cafecafe', new URL(database.url).password],
  ]
  expect(canaries.filter((canary) => bodies.join().includes(canary))).toEqual([])
  expect(await process.end()).toBe(0)
})

test('a collector that is out neither stops nor delays a verifier', async () => {
  const { process, ask } = await lab.place({
    KEYWARDEN_TRACES: 'http://127.0.0.1:9/v1/traces',
    KEYWARDEN_TRACES_SHARE: '1',
  })
  const [key] = await lab.keys(1)
  await expect.poll(() => ask(key!), soon).toBe('VALID')
  for (let n = 0; n < 20; n++) expect(await ask(key!)).toBe('VALID')
  expect(await process.end()).toBe(0)
})
