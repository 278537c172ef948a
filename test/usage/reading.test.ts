import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Range, ranges, windowOf } from '../../src/usage/range.ts'
import { type Step, stepMs } from '../../src/usage/step.ts'
import { successRate, summaryOf } from '../../src/usage/summary.ts'
import { trafficOf } from '../../src/usage/traffic.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { type Use, use } from '../setup/use.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const at = (text: string) => new Date(`2026-03-${text}:00Z`)
const nothing = { refused: 0, outcomes: 0, failed: 0 }

test('traffic comes by key and time, in steps of the asked length, without the empty ones', async () => {
  const { db } = records.world
  const uses: Use[] = [
    { keyId: 'key_b', at: at('02T10:01'), requests: 3 },
    { keyId: 'key_a', at: at('02T10:04'), requests: 5 },
    { keyId: 'key_a', at: at('02T10:04'), requests: 2, refused: true, endpoint: 'POST /v1/contacts' },
    { keyId: 'key_a', at: at('02T10:59'), requests: 1 },
    { keyId: 'key_a', at: at('03T10:00'), requests: 7 },
    { keyId: 'key_a', at: at('02T10:04'), outcomes: 4, status: 2 },
    { keyId: 'key_a', at: at('02T10:04'), outcomes: 1, status: 5 },
    { keyId: 'key_c', at: at('02T10:04'), requests: 99 },
  ]
  await use(db, uses)
  const ask = (step: Step) => trafficOf(db, ['key_a', 'key_b'], at('02T10:00'), at('03T10:03'), step)
  const early = { requests: 7, refused: 2, outcomes: 5, failed: 1 }
  expect(await ask('five-minutes')).toEqual([
    { keyId: 'key_a', at: at('02T10:00'), ...early },
    { keyId: 'key_a', at: at('02T10:55'), ...nothing, requests: 1 },
    { keyId: 'key_a', at: at('03T10:00'), ...nothing, requests: 7 },
    { keyId: 'key_b', at: at('02T10:00'), ...nothing, requests: 3 },
  ])
  expect(await ask('hour')).toEqual([
    { keyId: 'key_a', at: at('02T10:00'), ...early, requests: 8 },
    { keyId: 'key_a', at: at('03T10:00'), ...nothing, requests: 7 },
    { keyId: 'key_b', at: at('02T10:00'), ...nothing, requests: 3 },
  ])
  expect((await ask('day')).map((one) => [one.at, one.requests])).toEqual([
    [at('02T00:00'), 8],
    [at('03T00:00'), 7],
    [at('02T00:00'), 3],
  ])
})

test.each(ranges)('the bars of %s add up to the totals beside them', async (range) => {
  const { db } = records.world
  const now = new Date('2026-08-14T13:47:21Z')
  const keyId = `key_${range}`
  const uses = Array.from({ length: 400 }, (_, i) => ({
    ...{ keyId, at: new Date(now.getTime() - i * i * 97_000), requests: i + 1 },
    endpoint: `GET /v1/${i % 13}`,
  }))
  await use(db, uses)
  const window = windowOf(range as Range, now)
  const bars = await trafficOf(db, [keyId], window.from, window.to, window.step)
  const { totals, before, endpoints } = await summaryOf(db, keyId, range as Range, now)
  const within = ({ from, to }: { from: Date; to: Date }) =>
    uses.reduce((sum, one) => sum + (one.at >= from && one.at < to ? one.requests : 0), 0)
  expect(totals.requests).toBeGreaterThan(0)
  expect(totals.requests).toBe(within({ ...window, to: new Date(now.getTime() + 1) }))
  expect(bars.reduce((sum, bar) => sum + bar.requests, 0)).toBe(totals.requests)
  expect(before.requests).toBeGreaterThan(0)
  expect(endpoints).toHaveLength(10)
  expect(endpoints[0]!.requests).toBeGreaterThanOrEqual(endpoints[9]!.requests)
})

test('what is compared is as long as what has passed of the range, and touches it', () => {
  const now = new Date('2026-08-14T13:47:21Z')
  for (const range of ranges) {
    const { from, to, before, step } = windowOf(range, now)
    expect(from.getTime() % stepMs[step]).toBe(0)
    const shorterMs = to.getTime() - from.getTime() - (before.to.getTime() - before.from.getTime())
    expect(shorterMs).toBeGreaterThanOrEqual(0)
    expect(shorterMs).toBeLessThan(step === 'day' ? stepMs.hour : stepMs['five-minutes'])
    expect(before.to <= from).toBe(true)
  }
})

test('the success rate is what the platform reported, else what was answered VALID, else nothing', () => {
  expect(successRate({ requests: 10, refused: 5, outcomes: 4, failed: 1 })).toBe(0.75)
  expect(successRate({ requests: 10, refused: 5, outcomes: 0, failed: 0 })).toBe(0.5)
  expect(successRate({ requests: 0, refused: 0, outcomes: 0, failed: 0 })).toBeUndefined()
})

test('first and last use are those ever, and a key that was never used has none', async () => {
  const { db } = records.world
  const [first, last] = [at('01T00:00'), at('20T00:00')]
  await db('key_usage').insert({ key_id: 'key_used', requests: 1, first_used_at: first, last_used_at: last })
  const now = at('25T00:00')
  expect(await summaryOf(db, 'key_used', '24h', now)).toMatchObject({
    firstUsedAt: first,
    lastUsedAt: last,
    totals: { requests: 0 },
    endpoints: [],
  })
  expect((await summaryOf(db, 'key_never', '24h', now)).firstUsedAt).toBeUndefined()
})
