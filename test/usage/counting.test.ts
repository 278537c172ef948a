import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { Counter } from '../../src/usage/counter.ts'
import { startFlushing } from '../../src/usage/flush.ts'
import { mergeUsage } from '../../src/usage/merge.ts'
import { dateOutcomes, forgetBatches, recordOutcomes } from '../../src/usage/outcomes.ts'
import { recentOf } from '../../src/usage/recent.ts'
import { openCable } from '../faults/lab/cable.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import { everything } from '../setup/use.ts'

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
    .groupBy('source', 'name', 'class')
    .orderBy(['source', 'name', 'class'])
    .select('source', 'name', 'class')
    .select(asking.records.world.db.raw('sum(requests)::int as requests'))

test('every request is counted once, by endpoint and outcome, however many come at once', async () => {
  const { key, token } = await asking.records.key({ name: 'Counted' })
  const ask = (path: string) => asking.ask(token.open(), { method: 'GET', path })
  // The key and the credential are read once before all come.
  await ask('/v1/contacts/0')
  await Promise.all(Array.from({ length: 149 }, (_, i) => ask(`/v1/contacts/${i + 1}`)))
  await Promise.all(Array.from({ length: 50 }, () => asking.ask(token.open(), { scope: 'write' })))
  await asking.verifier.usage.flush()
  expect(await total(key.id)).toBe(200)
  expect(await cells(key.id)).toEqual([
    { source: 'verify', name: 'GET /v1/contacts/{id}', class: 2, requests: 150 },
    { source: 'verify', name: 'scope:write', class: 4, requests: 50 },
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

const deps = () => {
  const { world } = asking.records
  return { databaseUrl: world.config.databaseUrl, clock: world.clock, log: world.log, name: 'test' }
}

test('a flush whose reply was lost is sent again as it was, and counts once', async () => {
  const cable = await openCable(asking.records.world.config.databaseUrl)
  const counter = new Counter()
  const flusher = startFlushing(counter, { ...deps(), databaseUrl: cable.url, counterId: 'cnt_lost' })
  counter.count({ id: 'key_lost' }, { endpoint: 'a' }, 'VALID', 0)
  await flusher.flush()
  const hold = cable.hold('flush', 'reply')
  counter.count({ id: 'key_lost' }, { endpoint: 'a' }, 'VALID', 0)
  const lost = flusher.flush()
  await hold.reached
  while ((await total('key_lost')) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  counter.count({ id: 'key_lost' }, { endpoint: 'b' }, 'VALID', 0)
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
  const flusher = startFlushing(counter, { ...deps(), counterId: 'cnt_stop' })
  counter.count({ id: 'key_stop' }, { endpoint: 'a' }, 'VALID', Date.parse('2026-01-01T00:04:59Z'))
  counter.count({ id: 'key_stop' }, { endpoint: 'a' }, 'VALID', Date.parse('2026-01-01T00:05:00Z'))
  await flusher.stop()
  expect(await total('key_stop')).toBe(2)
  const { world } = asking.records
  expect(await world.db('usage_buckets').where({ key_id: 'key_stop' })).toHaveLength(2)
  expect(await world.db('usage_counters').where({ counter: 'cnt_stop' }).first()).toMatchObject({
    is_closed: true,
  })
})

test('what many keys did is written in batches, and only the last says that everything is flushed', async () => {
  const cable = await openCable(asking.records.world.config.databaseUrl)
  const { world } = asking.records
  let now = Date.parse('2026-01-01T00:00:00Z')
  const clock = { now: () => new Date(now) }
  const counter = new Counter()
  const flusher = startFlushing(counter, { ...deps(), clock, databaseUrl: cable.url, counterId: 'cnt_many' })
  const row = () => world.db('usage_counters').where({ counter: 'cnt_many' }).first()
  const counted = async () =>
    Number((await world.db('key_usage').whereLike('key_id', 'key_many%').sum({ sum: 'requests' }))[0]?.sum)
  await flusher.flush()
  for (let i = 0; i < 12_000; i++) counter.count({ id: `key_many${i}` }, { endpoint: 'a' }, 'VALID', now)
  now += 60_000
  const first = cable.hold('flush', 'reply')
  const lost = flusher.flush()
  await first.reached
  await expect.poll(() => world.db('usage_waiting').where({ counter: 'cnt_many' })).toHaveLength(1)
  await mergeUsage(world.db)
  expect(await counted()).toBe(10_000)
  expect((await row()).through.getTime()).toBe(now - 60_000)
  cable.reset()
  await expect(lost).rejects.toThrow()
  first.release()
  await flusher.flush()
  expect(await counted()).toBe(12_000)
  expect((await row()).through.getTime()).toBe(now)
  await flusher.stop()
  await cable.close()
})

test('a clean stop of a process that many keys used takes a few batches, not one for every few keys', async () => {
  const counter = new Counter()
  const flusher = startFlushing(counter, { ...deps(), counterId: 'cnt_wide_stop' })
  for (let i = 0; i < 20_000; i++) counter.count({ id: `key_stop${i}` }, { endpoint: 'a' }, 'VALID', 0)
  await flusher.stop()
  const { world } = asking.records
  const [counted] = await world.db('key_usage').whereLike('key_id', 'key_stop%').sum({ sum: 'requests' })
  expect(Number(counted?.sum)).toBeGreaterThanOrEqual(20_000)
  const row = await world.db('usage_counters').where({ counter: 'cnt_wide_stop' }).first()
  expect(row).toMatchObject({ is_closed: true })
  expect(row.flush).toBeLessThan(10)
  expect(await recentOf(world.db, 'key_stop19999', new Date(0))).toHaveLength(1)
})

test('two processes that flush the same keys at once lose nothing and do not stop each other', async () => {
  // Each has seen the endpoints in another order.
  const flushers = [
    ['a', 'b'],
    ['b', 'a'],
  ].map((endpoints) => {
    const counter = new Counter()
    const counterId = `cnt_${endpoints.join('')}`
    return { counter, endpoints, flusher: startFlushing(counter, { ...deps(), counterId }) }
  })
  for (let round = 0; round < 10; round++)
    await Promise.all(
      flushers.map(({ counter, endpoints, flusher }) => {
        for (const endpoint of endpoints)
          for (let i = 0; i < 200; i++) counter.count({ id: `key_both${i}` }, { endpoint }, 'VALID', 0)
        return flusher.flush()
      }),
    )
  for (const { flusher } of flushers) await flusher.stop()
  const { world } = asking.records
  const [counted] = await world.db('key_usage').whereLike('key_id', 'key_both%').sum({ sum: 'requests' })
  expect(Number(counted?.sum)).toBe(8_000)
})

test('beyond its capacity a counter forgets endpoints, never requests of a key', () => {
  const counter = new Counter(10)
  for (let i = 0; i < 100; i++)
    for (const endpoint of ['a', 'b', 'c'])
      counter.count({ id: `key_${i % 20}` }, { endpoint }, 'VALID', 600_000)
  const { cells: all } = counter.drain(everything)
  const byKey = new Map<string, number>()
  for (const { keyId, requests } of all) byKey.set(keyId, (byKey.get(keyId) ?? 0) + requests)
  expect(byKey.size).toBe(20)
  for (const requests of byKey.values()) expect(requests).toBe(15)
  expect(all.filter((cell) => cell.endpoint !== 'other')).toHaveLength(10)
  expect(all.map((cell) => cell.keyId)).toEqual(all.map((cell) => cell.keyId).sort())
  expect(counter.drain(everything).cells).toEqual([])
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
    expect(await first.json()).toEqual({ recorded: true, outcomes: 3, tooOld: 0 })
    expect(await (await report({ batch: 'b1', outcomes })).json()).toEqual({
      ...{ recorded: false, outcomes: 3, tooOld: 0 },
    })
    expect(await cells(key.id)).toEqual([
      { source: 'outcome', name: 'GET /v1/contacts/{id}', class: 2, requests: 2 },
      { source: 'outcome', name: 'GET /v1/contacts/{id}', class: 4, requests: 1 },
    ])
    expect(await total(key.id)).toBe(0)
  })

  test('are among the last requests of their key, with where they came from, and no other account can put any there', async () => {
    const { key } = await asking.records.key({ name: 'Recent' })
    const now = asking.records.calendar.now()
    const before = (seconds: number) => new Date(now.getTime() - seconds * 1_000).toISOString()
    const outcome = { keyId: key.id, method: 'GET', path: '/v1/contacts/7', ip: '203.0.113.9' }
    const outcomes = [
      { ...outcome, status: 500, at: before(20), userAgent: 'python-requests/2.32' },
      { ...outcome, status: 200, at: before(10) },
    ]
    await report({ batch: 'recent', outcomes })
    await report({ batch: 'recent', outcomes })
    await report({ batch: 'theirs', outcomes }, await asking.anotherAccount())
    await asking.verifier.usage.flush()
    const seen = await recentOf(asking.records.world.db, key.id, asking.records.calendar.now())
    const where = { endpoint: 'GET /v1/contacts/{id}', network: '203.0.113.0/24' }
    expect(seen).toEqual([
      { at: new Date(before(10)), code: '200', client: 'unknown', ...where },
      { at: new Date(before(20)), code: '500', client: 'python-requests', ...where },
    ])
  })

  test('by a clock that is wrong are dated by ours; none is in the future, and those of more than a week ago are left out', () => {
    const now = new Date('2026-03-02T12:00:00Z')
    const at = (text: string) => new Date(`2026-03-${text}Z`)
    const dates = (sentAt: Date | undefined, ...ats: (Date | undefined)[]) =>
      dateOutcomes(
        {
          id: 'b',
          outcomes: ats.map((one) => ({
            ...{ keyId: 'k', endpoint: 'e', status: 200 },
            ...(one ? { at: one } : {}),
          })),
          ...(sentAt ? { sentAt } : {}),
        },
        now,
      ).map((one) => one.at)
    expect(dates(undefined, at('02T11:59:00'), undefined)).toEqual([at('02T11:59:00'), now])
    expect(dates(at('02T12:00:05'), at('02T11:59:00'))).toEqual([at('02T11:59:00')])
    expect(dates(at('04T15:00:00'), at('04T14:59:00'), undefined)).toEqual([at('02T11:59:00'), now])
    expect(dates(new Date(0), new Date(-60_000))).toEqual([at('02T11:59:00')])
    expect(dates(undefined, at('04T00:00:00'))).toEqual([now])
    expect(dates(undefined, new Date('2026-02-23T11:59:59Z'), at('01T00:00:00'))).toEqual([at('01T00:00:00')])
  })

  test('are remembered as a batch for longer than its outcomes may be old', async () => {
    const { db } = asking.records.world
    const now = asking.records.calendar.now()
    const batches = () => db('usage_batches').where({ batch_id: 'aged' }).select('at')
    const { accountId } = asking.records.workspace
    await recordOutcomes(db, accountId, { id: 'aged', outcomes: [] }, now)
    const after = (days: number) => new Date(now.getTime() + days * 86_400_000)
    await forgetBatches(db, after(7.5))
    expect(await batches()).toHaveLength(1)
    await forgetBatches(db, after(8.1))
    expect(await batches()).toHaveLength(0)
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
  const lane = openDedicatedConnection(asking.records.world.config.databaseUrl, {
    name: 'test',
    timeoutMs: 1_000,
  })
  expect(await lane.query({ name: 'one', text: 'select 1 as one' }, [])).toEqual([{ one: 1 }])
  await lane.close()
  await expect(lane.query({ name: 'one', text: 'select 1' }, [])).rejects.toThrow('closed')
})
