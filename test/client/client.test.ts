import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, expressGuard, fastifyGuard, fetchGuard, openClient } from '../../client/client.ts'
import { openReporter } from '../../client/reporter.ts'
import { recentOf } from '../../src/usage/recent.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking
let client: Client
beforeAll(async () => {
  asking = await openAsking()
  client = openClient({ url: asking.url, serviceToken: asking.serviceToken })
})
afterAll(() => asking.drop())

type Guarded = { call(init: RequestInit): Promise<Response>; close(): Promise<unknown> }

const kinds: Record<string, () => Promise<Guarded>> = {
  async Express() {
    const guard = expressGuard(client)
    // Express's own way of calling middleware, without Express.
    const server = createServer((request, response) => {
      void guard(request, response, () => {
        const { keywarden } = request as unknown as { keywarden: { keyId: string } }
        response.writeHead(201).end(keywarden.keyId)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/contacts?x=1`
    return {
      call: (init) => fetch(url, init),
      close: async () => {
        server.closeAllConnections()
        server.close()
      },
    }
  },
  async Fastify() {
    const server = fastify({ forceCloseConnections: true })
    fastifyGuard(server, client)
    server.all('/*', (request, reply) =>
      reply.code(201).send((request as unknown as { keywarden: { keyId: string } }).keywarden.keyId),
    )
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    return { call: (init) => fetch(`${url}/v1/contacts?x=1`, init), close: () => server.close() }
  },
  async fetch() {
    const handle = fetchGuard(
      client,
      (_request, { keyId }) => new Response(keyId, { status: 201 }),
      () => '203.0.113.7',
    )
    return {
      call: (init) => handle(new Request('http://platform/v1/contacts?x=1', init)),
      close: async () => {},
    }
  },
}

describe.each(Object.entries(kinds))('a guard for %s', (name, open) => {
  let guarded: Guarded
  beforeAll(async () => {
    guarded = await open()
  })
  afterAll(() => guarded.close())

  test('lets a good key through with its grant, refuses the rest, and reports what became of it', async () => {
    const { key, token } = await asking.records.key({ name: `guarded by ${name}` })
    const good = { authorization: `Bearer ${token.open()}`, 'user-agent': 'tests/1.0' }
    const through = await guarded.call({ headers: good })
    expect([through.status, await through.text()]).toEqual([201, key.id])
    const none = await guarded.call({})
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    const unknown = await guarded.call({ headers: { 'x-api-key': 'tml_nonsense' } })
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ])
    const denied = await guarded.call({ method: 'POST', headers: good })
    expect([denied.status, denied.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer error="insufficient_scope"',
    ])
    const { world } = asking.records
    const reported = () =>
      world.db('usage_buckets').where({ key_id: key.id, source: 'outcome' }).select('class', 'requests')
    while ((await reported()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await reported()).toEqual([{ class: 2, requests: 1 }])
    // Counts and recent requests may leave in two flushes.
    const client = async () => {
      await asking.verifier.usage.flush()
      const recent = await recentOf(world.db, key.id, asking.records.calendar.now())
      return recent.find(({ code }) => code === '201')?.client
    }
    await expect.poll(client).toBe('tests')
  })

  test('says 429 and until when', async () => {
    const { key, token } = await asking.records.key({ name: `limited by ${name}` })
    await asking.records.world.db('keys').where({ id: key.id }).update({ limit_per_minute: 1 })
    await asking.confirmed()
    const call = () => guarded.call({ headers: { 'x-api-key': token.open() } })
    // A new minute may begin between two of them, but not between all three.
    const all = [await call(), await call(), await call()]
    expect(all.map(({ status }) => status)).toContain(429)
    const refused = all.find(({ status }) => status === 429)!
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

test('without an answer nobody is let through', async () => {
  const lonely = openClient({ url: 'http://127.0.0.1:1', serviceToken: 'kws_x' })
  expect(await lonely.decide({ apiKey: 'tml_x', method: 'GET', path: '/' })).toMatchObject({
    allowed: false,
    status: 503,
  })
  const wrong = openClient({ url: asking.url, serviceToken: 'kws_wrong' })
  expect(await wrong.decide({ apiKey: 'tml_x', method: 'GET', path: '/' })).toMatchObject({
    allowed: false,
    status: 503,
  })
})

test('a batch that got no answer is sent again under its own id, and nothing is lost', async () => {
  const sent: { batch: string; outcomes: unknown[] }[] = []
  const reporter = openReporter(async (batch) => {
    sent.push(batch)
    if (sent.length === 1) throw new Error('no answer')
    return true
  })
  const outcome = { keyId: 'k', method: 'GET', path: '/', status: 200 }
  for (let i = 0; i < 1_500; i++) reporter.report(outcome)
  await reporter.close()
  expect(sent.map(({ outcomes }) => outcomes.length)).toEqual([1_000, 1_000, 500])
  expect(sent[1]!.batch).toBe(sent[0]!.batch)
  expect(sent[2]!.batch).not.toBe(sent[0]!.batch)
})
