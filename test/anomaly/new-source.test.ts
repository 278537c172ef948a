import { expect, test } from 'vitest'
import { type FreshSource, type Habit, judgeSources } from '../../src/anomaly/detector/new-source.ts'

const now = Date.parse('2026-11-25T14:00:00Z')
const dayMs = 86_400_000
const service: Habit = {
  perMinute: 10,
  clients: new Map([['python-requests', now - 60 * dayMs]]),
  isAnywhere: false,
}
const second = now / 1000

const fresh = (more: Partial<FreshSource> = {}): FreshSource => ({
  ...{ network: '203.0.113.0/24', client: 'aiohttp', isNewNetwork: true },
  ...{ requests: 60, firstAt: second - 30, lastAt: second, ...more },
})
const judge = (sources: readonly FreshSource[], habit = service) => judgeSources(sources, habit, now)

test('a network and a client never seen, with several times the usual use within half a minute, are strange', () => {
  expect(judge([fresh()])).toEqual({
    ...{ reason: 'new-network', network: '203.0.113.0/24', client: 'aiohttp' },
    ...{ requests: 60, seconds: 30, usual: 10 },
  })
})

test('a service that moved takes its use along, and is ordinary however long it goes on', () => {
  for (const minutes of [1, 5, 55]) {
    const moved = fresh({ requests: 10 * minutes + 5, firstAt: second - 60 * minutes })
    expect(judge([moved])).toBeUndefined()
  }
})

test('a client never seen from a known network, and a known client from anywhere, say nothing alone', () => {
  expect(judge([fresh({ isNewNetwork: false, requests: 5_000 })])).toBeUndefined()
  expect(judge([])).toBeUndefined()
})

test('on a key that has nothing at this time of day three requests are enough, and two are not', () => {
  const idle = { ...service, perMinute: 0 }
  expect(judge([fresh({ requests: 3 })], idle)).toMatchObject({ reason: 'new-network' })
  expect(judge([fresh({ requests: 2 })], idle)).toBeUndefined()
})

test('requests that are spread over many networks count together', () => {
  const spread = Array.from({ length: 30 }, (_, i) => fresh({ network: `203.0.${i}.0/24`, requests: 1 }))
  expect(judge(spread)).toMatchObject({ requests: 30, reason: 'new-network' })
})

test('each client that a key got in the last weeks makes another one less of a surprise', () => {
  const changing = {
    ...service,
    perMinute: 0,
    clients: new Map([...service.clients, ['axios', now - 20 * dayMs], ['node', now - 10 * dayMs]]),
  }
  expect(judge([fresh({ requests: 8 })], changing)).toBeUndefined()
  expect(judge([fresh({ requests: 9 })], changing)).toMatchObject({ reason: 'new-network' })
})

test('a program that is used by hand is a person, on a key that only services have used', () => {
  expect(judge([fresh({ client: 'curl', requests: 2 })])).toMatchObject({ reason: 'person', client: 'curl' })
  const atTheOffice = fresh({ client: 'PostmanRuntime', isNewNetwork: false, requests: 4 })
  expect(judge([atTheOffice])).toMatchObject({ reason: 'person' })
})

test('on a key whose scripts run curl another tool is no news, and a browser is', () => {
  const scripted = { ...service, clients: new Map([...service.clients, ['curl', now - 60 * dayMs]]) }
  expect(judge([fresh({ client: 'HTTPie', requests: 4 })], scripted)).toBeUndefined()
  expect(judge([fresh({ client: 'Mozilla', requests: 4 })], scripted)).toMatchObject({ reason: 'person' })
})

test('a script of the service that runs curl, and a key that people have always used, are no news', () => {
  expect(judge([fresh({ client: 'curl', isNewNetwork: false, requests: 4 })])).toBeUndefined()
  const byPeople = { ...service, clients: new Map([...service.clients, ['Mozilla', now - 60 * dayMs]]) }
  expect(judge([fresh({ client: 'PostmanRuntime', requests: 4 })], byPeople)).toBeUndefined()
})

test('on a key that is used from anywhere a new client is strange when its use goes on for three quarters of an hour', () => {
  const fleet = { ...service, perMinute: 1, isAnywhere: true }
  expect(judge([fresh({ requests: 900, firstAt: second - 44 * 60 })], fleet)).toBeUndefined()
  expect(judge([fresh({ requests: 900, firstAt: second - 45 * 60 })], fleet)).toMatchObject({
    reason: 'new-network',
  })
})
