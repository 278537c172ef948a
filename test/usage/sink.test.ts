import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sendUsage } from '../../src/usage/sink.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

type Line = { batch: string; row: number; at: string; key: string; endpoint: string; requests: number }
/** How the sink behaves to one request, before or after it has kept what it was sent. */
type Mood = (request: IncomingMessage, response: ServerResponse, keep: () => void) => void

const takes: Mood = (_request, response, keep) => {
  keep()
  response.writeHead(204).end()
}
const refuses: Mood = (_request, response) => void response.writeHead(503).end('no room')
const losesItsAnswer: Mood = (request, _response, keep) => {
  keep()
  request.socket.destroy()
}
const neverAnswers: Mood = (_request, _response, keep) => keep()

let server: Server
let asking: Asking
let mood: Mood = takes
/** What the sink has, by the id of the batch, as a store that knows a batch again keeps it. */
const kept = new Map<string, Line[]>()
const received: { batch: string; body: string; authorization?: string; type?: string }[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await text(request)
    const batch = String(request.headers['idempotency-key'])
    const { authorization, 'content-type': type } = request.headers
    received.push({ batch, body, authorization, type })
    const lines: Line[] = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    mood(request, response, () => void kept.set(batch, lines))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  asking = await openAsking({
    KEYWARDEN_USAGE_SINK: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ingest`,
    KEYWARDEN_USAGE_SINK_TOKEN: 'of the sink',
  })
})
afterAll(async () => {
  await asking?.drop()
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  mood = takes
})

const send = (timeoutMs = 20_000) => sendUsage(asking.records.world, { timeoutMs })

async function use(token: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++)
    expect(await asking.ask(token, { method: 'GET', path: '/v1/contacts' })).toMatchObject({ code: 'VALID' })
  await asking.verifier.usage.flush()
}

const inTables = async (key: string) =>
  Number((await asking.records.world.db('usage_buckets').where('key_id', key).sum('requests as n'))[0]!.n)
const inSink = (key: string) =>
  [...kept.values()].flat().reduce((sum, line) => sum + (line.key === key ? line.requests : 0), 0)
const waiting = async () => (await asking.records.world.db('usage_leaving').select('seq')).length

test('without a run that registers the sink nothing is collected, and after it what is counted leaves once', async () => {
  const { key, token } = await asking.records.key({ name: 'first' })
  await use(token.open(), 2)
  expect(await waiting()).toBe(0)
  expect(await send()).toBe(0)
  await use(token.open(), 3)
  expect(await waiting()).toBeGreaterThan(0)
  expect(await send()).toBeGreaterThan(0)
  expect([await waiting(), inSink(key.id), await inTables(key.id)]).toEqual([0, 3, 5])
  expect(received[0]).toMatchObject({ authorization: 'Bearer of the sink', type: 'application/x-ndjson' })
  const [line] = kept.get(received[0]!.batch)!
  expect(line).toMatchObject({
    ...{
      batch: received[0]!.batch,
      row: 0,
      key: key.id,
      endpoint: 'GET /v1/contacts',
      source: 'verify',
      class: 2,
    },
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d[05]:00\.000Z$/),
  })
})

test.each([
  ['refuses', refuses, 'The sink of usage answered 503.', 20_000],
  ['keeps a batch and loses its answer', losesItsAnswer, 'The sink of usage cannot be reached', 20_000],
  ['keeps a batch and answers too late', neverAnswers, 'The sink of usage cannot be reached', 500],
])(
  'of a sink that %s nothing is lost and nothing is there twice',
  async (what, badMood, sentence, timeoutMs) => {
    const { key, token } = await asking.records.key({ name: what })
    await use(token.open(), 4)
    mood = badMood
    received.length = 0
    await expect(send(timeoutMs)).rejects.toThrow(sentence)
    await use(token.open(), 1)
    await expect(send(timeoutMs)).rejects.toThrow(sentence)
    mood = takes
    await send()
    expect([await waiting(), inSink(key.id), await inTables(key.id)]).toEqual([0, 5, 5])
    // The same rows under the same id, so that the sink can tell.
    const [once, twice, thrice] = received
    expect([twice, thrice]).toEqual([once, once])
  },
)

test('without a sink in the configuration what waits goes on waiting, and nothing more is collected', async () => {
  const { token } = await asking.records.key({ name: 'later' })
  await use(token.open(), 1)
  const before = await waiting()
  expect(before).toBeGreaterThan(0)
  const { world } = asking.records
  expect(await sendUsage({ ...world, config: { ...world.config, sink: undefined } })).toBe(0)
  await use(token.open(), 1)
  expect(await waiting()).toBe(before)
  await send()
  expect(await waiting()).toBe(0)
})
