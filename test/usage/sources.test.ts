import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Counter } from '../../src/usage/counter.ts'
import { startFlushing } from '../../src/usage/flush.ts'
import { Origins } from '../../src/usage/origin.ts'
import { forgetRecent, recentOf } from '../../src/usage/recent.ts'
import { sourcesOf } from '../../src/usage/sources.ts'
import { readFlushedThrough } from '../../src/usage/watermark.ts'
import { openCable } from '../faults/lab/cable.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import { everything } from '../setup/use.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking()
})
afterAll(() => asking.drop())

const db = () => asking.records.world.db
const keysNamed = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `key_${i}` }))
const hourMs = 3_600_000
const dayMs = 86_400_000

/** A separate counter that writes on demand. */
function counting(counterId: string, databaseUrl = asking.records.world.config.databaseUrl, now?: Date) {
  const { world } = asking.records
  const clock = now ? { now: () => now } : world.clock
  const counter = new Counter()
  return {
    counter,
    flusher: startFlushing(counter, { databaseUrl, clock, log: world.log, counterId, name: counterId }),
  }
}

const sourcesAround = async (keyId: string, at: Date) =>
  (await sourcesOf(db(), [keyId], new Date(at.getTime() - dayMs), new Date(at.getTime() + dayMs))).get(
    keyId,
  ) ?? []

const forwardAuth = (token: string, headers: Record<string, string>) =>
  fetch(`${asking.url}/v1/forward-auth`, {
    headers: {
      authorization: `Bearer ${token}`,
      'x-keywarden-service-token': asking.serviceToken,
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': '/v1/contacts',
      ...headers,
    },
  })

describe('where requests come from', () => {
  test.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['not an address', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('the network of %s is %s', (ip, network) => {
    const origins = new Origins()
    expect([origins.network(ip), origins.network(ip)]).toEqual([network, network])
  })

  test.each([
    ['python-requests/2.32.3', 'python-requests'],
    ['Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101', 'Mozilla'],
    ['okhttp', 'okhttp'],
    ['<!channel> hello', 'unknown'],
    ['a\tb', 'a'],
    ['x'.repeat(61), 'unknown'],
    ['(comment only)', 'unknown'],
    [`tml_${'aB3dE5gH7j'.repeat(4)}`, 'unknown'],
    [undefined, 'unknown'],
  ])('the client of %s is %s', (userAgent, client) => {
    const origins = new Origins()
    expect([origins.client(userAgent), origins.client(userAgent)]).toEqual([client, client])
  })

  test('what the platform says of a request is counted by network and client, refusals apart', async () => {
    const { key, token } = await asking.records.key({ name: 'From somewhere' })
    const office = { ip: '203.0.113.7', userAgent: 'python-requests/2.32.3' }
    const ask = (question: Record<string, string>) => asking.ask(token.open(), question)
    await Promise.all([
      ask(office),
      ask({ ...office, ip: '203.0.113.200' }),
      ask({ ...office, scope: 'write' }),
    ])
    await ask({ ...office, workspace: 'ws_another' })
    await ask({ ip: '2001:db8::1' })
    await asking.verifier.usage.flush()
    const sources = await sourcesAround(key.id, asking.records.calendar.now())
    expect(sources).toMatchObject([
      { network: '2001:db8::/48', client: 'unknown', requests: 1, refused: 0, refusedScope: 0 },
      { network: '203.0.113.0/24', client: 'python-requests', requests: 4, refused: 2, refusedScope: 1 },
    ])
    for (const { firstAt, lastAt } of sources) {
      expect(firstAt.getTime() % hourMs).toBe(0)
      expect(lastAt.getTime()).toBeGreaterThanOrEqual(firstAt.getTime())
      expect(lastAt.getTime()).toBeLessThanOrEqual(asking.records.calendar.now().getTime())
    }
  })

  test('a proxy of ours is believed about its client, and the client says what it is', async () => {
    const { key, token } = await asking.records.key({ name: 'By a proxy' })
    const agent = { 'user-agent': 'Salesforce-Sync/9 (cron)' }
    for (const forwarded of ['198.51.100.9', '198.51.100.10', '10.9.9.9, 198.51.100.9'])
      expect((await forwardAuth(token.open(), { ...agent, 'x-forwarded-for': forwarded })).status).toBe(200)
    await forwardAuth(token.open(), agent)
    await asking.verifier.usage.flush()
    expect(await sourcesAround(key.id, asking.records.calendar.now())).toMatchObject([
      { network: '127.0.0.0/24', client: 'Salesforce-Sync', requests: 1 },
      { network: '198.51.100.0/24', client: 'Salesforce-Sync', requests: 3 },
    ])
  })

  test('a key that is used from a thousand networks keeps some apart and loses no request', async () => {
    const { counter, flusher } = counting('cnt_wide')
    const at = Date.parse('2026-03-01T10:00:00Z')
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 1_000; i++) {
        const ip = `10.${i >> 8}.${(i + round * 50) & 255}.1`
        counter.count({ id: 'key_wide' }, { endpoint: 'a', ip }, i % 10 ? 'VALID' : 'EXPIRED', at + round)
      }
      await flusher.flush()
    }
    await flusher.stop()
    const sources = await sourcesAround('key_wide', new Date(at))
    expect(sources.length).toBeLessThanOrEqual(65)
    expect(sources.length).toBeGreaterThan(50)
    const sum = (of: 'requests' | 'refused') => sources.reduce((total, source) => total + source[of], 0)
    expect([sum('requests'), sum('refused')]).toEqual([4_000, 400])
    expect(sources.find(({ network }) => network === 'other')).toMatchObject({ client: 'other' })
  })

  test('sources come by the hours asked for, and those of other keys apart', async () => {
    const { counter, flusher } = counting('cnt_hours')
    const at = Date.parse('2026-03-02T10:30:00Z')
    for (const key of ['key_hours1', 'key_hours2'])
      for (const [hours, ip] of [
        [0, '10.0.0.1'],
        [1, '10.0.1.1'],
        [2, '10.0.0.1'],
      ] as const)
        counter.count({ id: key }, { endpoint: 'a', ip }, 'VALID', at + hours * hourMs)
    await flusher.stop()
    const between = async (from: number, to: number) => {
      const found = await sourcesOf(
        db(),
        ['key_hours1', 'key_hours2', 'key_none'],
        new Date(at + from * hourMs),
        new Date(at + to * hourMs),
      )
      expect([...found.keys()]).toEqual(['key_hours1', 'key_hours2'])
      return found.get('key_hours2')?.map(({ network, requests }) => `${network} ${requests}`)
    }
    expect(await between(0, 3)).toEqual(['10.0.0.0/24 2', '10.0.1.0/24 1'])
    expect(await between(0, 1)).toEqual(['10.0.1.0/24 1', '10.0.0.0/24 1'])
    expect(await between(1, 1.25)).toEqual(['10.0.1.0/24 1'])
  })
})

describe('the last requests of a key', () => {
  test('are listed with time, endpoint, verdict, network and client, the latest first', async () => {
    const { key, token } = await asking.records.key({ name: 'Recent' })
    const office = { ip: '203.0.113.7', userAgent: 'curl/8' }
    await asking.ask(token.open(), { ...office, method: 'GET', path: '/v1/contacts/7' })
    await asking.ask(token.open(), { scope: 'write' })
    await asking.verifier.usage.flush()
    const recent = await recentOf(db(), key.id, asking.records.calendar.now())
    expect(recent).toMatchObject([
      { endpoint: 'scope:write', code: 'INSUFFICIENT_SCOPE', network: 'unknown', client: 'unknown' },
      { endpoint: 'GET /v1/contacts/{id}', code: 'VALID', network: '203.0.113.0/24', client: 'curl' },
    ])
    expect(await recentOf(db(), key.id, asking.records.calendar.now(), 1)).toEqual(recent.slice(0, 1))
  })

  test('come by themselves, with the next flush of a quiet house', async () => {
    const { key, token } = await asking.records.key({ name: 'Quiet' })
    await asking.ask(token.open())
    const recent = () => recentOf(db(), key.id, asking.records.calendar.now())
    await expect.poll(recent, { interval: 50, timeout: 40_000 }).toHaveLength(1)
  })

  test('are two hundred at most, in the order of their times, whichever verifier flushes first', async () => {
    const [a, b] = [counting('cnt_recent_a'), counting('cnt_recent_b')]
    const at = Date.parse('2026-03-03T10:00:00Z')
    for (let i = 0; i < 300; i++)
      (i % 2 ? a : b).counter.count({ id: 'key_ring' }, { endpoint: `${i}` }, 'VALID', at + i)
    await a.flusher.stop()
    await b.flusher.stop()
    const recent = await recentOf(db(), 'key_ring', new Date(at))
    expect(recent.map(({ endpoint }) => Number(endpoint))).toEqual(
      Array.from({ length: 200 }, (_, i) => 299 - i),
    )
  })

  test.each([
    ['of a key that is remembered', () => ({ id: 'key_burst' })],
    ['of a key that is read anew each time', undefined],
  ])('beyond two hundred between two flushes the latest are kept, %s', async (_name, remember) => {
    const key = remember?.()
    const { counter, flusher } = counting(`cnt_burst_${key?.id}`)
    for (let i = 0; i < 777; i++) counter.count(key ?? { id: 'key_anew' }, { endpoint: `${i}` }, 'VALID', i)
    await flusher.stop()
    const recent = await recentOf(db(), key?.id ?? 'key_anew', new Date(0))
    expect(recent.map(({ endpoint }) => Number(endpoint))).toEqual(
      Array.from({ length: 200 }, (_, i) => 776 - i),
    )
  })

  test('are forgotten after thirty days', async () => {
    const at = new Date('2026-03-04T10:00:00Z')
    const { counter, flusher } = counting('cnt_old', undefined, at)
    counter.count({ id: 'key_old' }, { endpoint: 'a' }, 'VALID', at.getTime())
    await flusher.stop()
    const after = (days: number) => new Date(at.getTime() + days * dayMs)
    expect(await recentOf(db(), 'key_old', after(29))).toHaveLength(1)
    expect(await recentOf(db(), 'key_old', after(30))).toEqual([])
    const rows = () => db()('usage_recent').where({ key_id: 'key_old' })
    await forgetRecent(db(), after(30))
    expect(await rows()).toHaveLength(1)
    await forgetRecent(db(), after(32))
    expect(await rows()).toEqual([])
  })

  test('of many keys are written some at a time, the longest waiting first', () => {
    const counter = new Counter()
    const used = keysNamed(500)
    for (let round = 0; round < 3; round++)
      for (const key of used) counter.count(key, { endpoint: 'a' }, 'VALID', round)
    const first = counter.drain({ ...everything, recent: 200 }).recent
    counter.count(used[0]!, { endpoint: 'again' }, 'VALID', 9)
    const second = counter.drain({ ...everything, recent: 200 }).recent
    const third = counter.drain({ ...everything, recent: 200 }).recent
    const keys = [first, second, third].map((recent) => recent.map(({ keyId }) => keyId))
    expect(keys.map(({ length }) => length)).toEqual([200, 200, 101])
    expect(new Set(keys.flat()).size).toBe(500)
    expect(keys[2]).toContain('key_0')
    expect(counter.drain({ ...everything, recent: 200 })).toMatchObject({
      cells: [],
      sources: [],
      recent: [],
    })
  })

  test('hold a bounded number of requests however many keys are in use', () => {
    const counter = new Counter()
    const used = keysNamed(20_000)
    for (let round = 0; round < 30; round++)
      for (const key of used) counter.count(key, { endpoint: 'a' }, 'VALID', round)
    const { cells, sources, recent } = counter.drain(everything)
    expect(recent.reduce((sum, { noted }) => sum + noted.length, 0)).toBeLessThanOrEqual(50_000)
    expect(recent).toHaveLength(20_000)
    // A counter that keeps only a few keeps the latest.
    for (const { noted } of recent) expect(noted[0]!.atMs).toBe(29)
    expect(cells.reduce((sum, { requests }) => sum + requests, 0)).toBe(600_000)
    expect(sources.flatMap(({ counts }) => counts).reduce((sum, { requests }) => sum + requests, 0)).toBe(
      600_000,
    )
  })
})

test('a flush whose reply was lost counts sources and requests once', async () => {
  const cable = await openCable(asking.records.world.config.databaseUrl)
  const { counter, flusher } = counting('cnt_lost_source', cable.url)
  const at = Date.parse('2026-03-05T10:00:00Z')
  const hold = cable.hold('flush', 'reply')
  counter.count({ id: 'key_lost_source' }, { endpoint: 'a', ip: '10.0.0.1' }, 'VALID', at)
  const lost = flusher.flush()
  await hold.reached
  await expect.poll(() => sourcesAround('key_lost_source', new Date(at))).toHaveLength(1)
  cable.reset()
  await expect(lost).rejects.toThrow()
  hold.release()
  await flusher.flush()
  await flusher.stop()
  await cable.close()
  expect(await sourcesAround('key_lost_source', new Date(at))).toMatchObject([{ requests: 1 }])
  expect(await recentOf(db(), 'key_lost_source', new Date(at))).toHaveLength(1)
})

describe('until when everything is flushed', () => {
  const now = new Date('2026-03-06T12:00:00Z')
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1_000)
  async function throughOf(rows: [through: Date, isClosed: boolean][]) {
    const trx = await db().transaction()
    await trx('usage_counters').delete()
    for (const [i, [through, is_closed]] of rows.entries())
      await trx('usage_counters').insert({ counter: `c${i}`, name: 'n', flush: 1, through, is_closed })
    const answer = await readFlushedThrough(trx)
    await trx.rollback()
    return answer
  }

  test.each([
    ['nobody ever counted', [], undefined],
    [
      'all flush',
      [
        [now, false],
        [before(8), false],
      ],
      before(8),
    ],
    [
      'one stopped cleanly',
      [
        [now, false],
        [before(600), true],
      ],
      now,
    ],
    [
      'all stopped cleanly',
      [
        [before(700), true],
        [before(600), true],
      ],
      before(600),
    ],
    [
      'one fell silent',
      [
        [now, false],
        [before(120), false],
      ],
      undefined,
    ],
    [
      'one fell silent long ago',
      [
        [now, false],
        [before(4_000), false],
      ],
      now,
    ],
  ] as [string, [Date, boolean][], Date | undefined][])('%s', async (_name, rows, through) => {
    expect(await throughOf(rows)).toEqual(through)
  })
})
