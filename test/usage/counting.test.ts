import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLane } from '../../src/foundation/lane.ts'
import { Counter } from '../../src/usage/counter.ts'
import { startFlushing } from '../../src/usage/flush.ts'
import { openCable } from '../faults/lab/cable.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking()
})
afterAll(() => asking.drop())

const total = async (keyId: string) =>
  (await asking.records.world.db('key_usage').where({ key_id: keyId }).first('requests'))?.requests ?? 0

const cells = (keyId: string) =>
  asking.records.world
    .db('usage_buckets')
    .join('usage_endpoints', 'usage_endpoints.id', 'endpoint_id')
    .where({ key_id: keyId })
    .orderBy(['source', 'name', 'class'])
    .select('source', 'name', 'class', 'requests')

test('every request is counted once, by endpoint and outcome, however many come at once', async () => {
  const { key, token } = await asking.records.key({ name: 'Counted' })
  const ask = (path: string) => asking.ask(token.open(), { method: 'GET', path })
  await Promise.all(Array.from({ length: 150 }, (_, i) => ask(`/v1/contacts/${i}`)))
  await Promise.all(Array.from({ length: 50 }, () => asking.ask(token.open(), { scope: 'write' })))
  await asking.verifier.usage.flush()
  expect(await total(key.id)).toBe(200)
  expect(await cells(key.id)).toEqual([
    { source: 'verify', name: 'GET /v1/contacts/{id}', class: 2, requests: 150 },
    { source: 'verify', name: 'other', class: 4, requests: 50 },
  ])
})

test('a key is shown as used when it was', async () => {
  const { key, token } = await asking.records.key({ name: 'Used' })
  const { world, calendar } = asking.records
  await asking.ask(token.open())
  const at = calendar.now().getTime()
  await asking.verifier.usage.flush()
  const row = await world.db('key_usage').where({ key_id: key.id }).first()
  expect(Math.abs(row.last_used_at.getTime() - at)).toBeLessThan(2_000)
  expect(row.first_used_at.getTime()).toBeLessThanOrEqual(row.last_used_at.getTime())
})

const means = () => {
  const { world } = asking.records
  return { databaseUrl: world.config.databaseUrl, clock: world.clock, log: world.log, name: 'test' }
}

test('a flush whose reply was lost is sent again as it was, and counts once', async () => {
  const cable = await openCable(asking.records.world.config.databaseUrl)
  const counter = new Counter()
  const flusher = startFlushing(counter, { ...means(), databaseUrl: cable.url, counterId: 'cnt_lost' })
  counter.count('key_lost', { endpoint: 'a' }, 'VALID', 0)
  await flusher.flush()
  const hold = cable.hold('flush', 'reply')
  counter.count('key_lost', { endpoint: 'a' }, 'VALID', 0)
  const lost = flusher.flush()
  await hold.reached
  while ((await total('key_lost')) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  counter.count('key_lost', { endpoint: 'b' }, 'VALID', 0)
  cable.reset()
  await expect(lost).rejects.toThrow()
  hold.release()
  await flusher.flush()
  expect(await total('key_lost')).toBe(3)
  await flusher.stop()
  await cable.close()
})

test('a clean stop writes the rest and says that nothing more will come', async () => {
  const counter = new Counter()
  const flusher = startFlushing(counter, { ...means(), counterId: 'cnt_stop' })
  counter.count('key_stop', { endpoint: 'a' }, 'VALID', Date.parse('2026-01-01T00:04:59Z'))
  counter.count('key_stop', { endpoint: 'a' }, 'VALID', Date.parse('2026-01-01T00:05:00Z'))
  await flusher.stop()
  expect(await total('key_stop')).toBe(2)
  const { world } = asking.records
  expect(await world.db('usage_buckets').where({ key_id: 'key_stop' })).toHaveLength(2)
  expect(await world.db('usage_counters').where({ counter: 'cnt_stop' }).first()).toMatchObject({
    is_closed: true,
  })
})

test('two processes that flush the same keys at once lose nothing and do not stop each other', async () => {
  const flushers = ['one', 'two'].map((name) => {
    const counter = new Counter()
    return { counter, flusher: startFlushing(counter, { ...means(), counterId: `cnt_${name}` }) }
  })
  for (let round = 0; round < 10; round++)
    await Promise.all(
      flushers.map(({ counter, flusher }) => {
        for (let i = 0; i < 200; i++) counter.count(`key_both${i}`, { endpoint: 'a' }, 'VALID', 0)
        return flusher.flush()
      }),
    )
  for (const { flusher } of flushers) await flusher.stop()
  const { world } = asking.records
  const [counted] = await world.db('key_usage').whereLike('key_id', 'key_both%').sum({ sum: 'requests' })
  expect(Number(counted?.sum)).toBe(4_000)
})

test('beyond its capacity a counter forgets endpoints, never requests of a key', () => {
  const counter = new Counter(10)
  for (let i = 0; i < 100; i++)
    for (const endpoint of ['a', 'b', 'c']) counter.count(`key_${i % 20}`, { endpoint }, 'VALID', 600_000)
  const { cells: all } = counter.take(true, 0)
  const byKey = new Map<string, number>()
  for (const { keyId, requests } of all) byKey.set(keyId, (byKey.get(keyId) ?? 0) + requests)
  expect(byKey.size).toBe(20)
  for (const requests of byKey.values()) expect(requests).toBe(15)
  expect(all.filter((cell) => cell.endpoint !== 'other')).toHaveLength(10)
  expect(all.map((cell) => cell.keyId)).toEqual(all.map((cell) => cell.keyId).sort())
  expect(counter.take(true, 0).cells).toEqual([])
})

describe('outcomes that the platform reports', () => {
  const report = (body: unknown, serviceToken = asking.serviceToken) =>
    fetch(`${asking.url}/v1/usage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  test('are counted by endpoint and status, and a batch that comes twice counts once', async () => {
    const { key } = await asking.records.key({ name: 'Reported' })
    const outcome = (path: string, status: number) => ({ keyId: key.id, method: 'GET', path, status })
    const outcomes = [
      outcome('/v1/contacts/1', 200),
      outcome('/v1/contacts/2', 404),
      outcome('/v1/contacts/3', 204),
    ]
    const first = await report({ batch: 'b1', outcomes })
    expect(await first.json()).toEqual({ recorded: true, outcomes: 3 })
    expect(await (await report({ batch: 'b1', outcomes })).json()).toEqual({ recorded: false, outcomes: 3 })
    expect(await cells(key.id)).toEqual([
      { source: 'outcome', name: 'GET /v1/contacts/{id}', class: 2, requests: 2 },
      { source: 'outcome', name: 'GET /v1/contacts/{id}', class: 4, requests: 1 },
    ])
    expect(await total(key.id)).toBe(0)
  })

  test('about keys of another account are passed over', async () => {
    const { key } = await asking.records.key({ name: 'Not yours' })
    const outcomes = [{ keyId: key.id, method: 'GET', path: '/', status: 200 }]
    const response = await report({ batch: 'b2', outcomes }, await asking.anotherAccount())
    expect(response.status).toBe(200)
    expect(await cells(key.id)).toEqual([])
  })

  test.each([
    ['no batch', { outcomes: [] }],
    [
      'a status that is none',
      { batch: 'x', outcomes: [{ keyId: 'k', method: 'GET', path: '/', status: 99 }] },
    ],
    ['too many', { batch: 'x', outcomes: Array.from({ length: 1_001 }, () => ({})) }],
  ])('%s is refused', async (_name, body) => {
    expect((await report(body)).status).toBe(400)
  })
})

test('a lane that is closed refuses', async () => {
  const lane = openLane(asking.records.world.config.databaseUrl, { name: 'test', timeoutMs: 1_000 })
  expect(await lane.query({ name: 'one', text: 'select 1 as one' }, [])).toEqual([{ one: 1 }])
  await lane.close()
  await expect(lane.query({ name: 'one', text: 'select 1' }, [])).rejects.toThrow('closed')
})
