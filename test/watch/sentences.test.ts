import { expect, test } from 'vitest'
import { said } from '../../sandbox/acting.ts'
import type { Alert } from '../../src/alerts/alert.ts'
import type { Reason } from '../../src/anomaly/detector/reason.ts'
import type { UseFacts } from '../../src/anomaly/facts.ts'
import type { Fleet } from '../../src/anomaly/fleet-message.ts'
import { plain } from '../../src/foundation/words.ts'
import { fleetMessage } from '../../src/slack/messages/alerts/fleet.ts'
import { duration, percent, useWords } from '../../src/slack/messages/alerts/unusual-use.ts'

const figures = {
  count: 2_400,
  lastHour: 3_100,
  busiestBucket: 120,
  busiestHour: 1_000,
  days: 35,
  busiestComparable: 12,
  busyMinutes: 130,
  usuallyBusyMinutes: 25,
  usuallyFailed: 0.012,
  silentMinutes: 45,
  missing: 600,
  lastQuarter: 12,
  leastComparable: 260,
}

function about(reason: Reason, more: Partial<UseFacts> & Record<string, unknown> = {}): Alert {
  const facts = {
    reason,
    score: 2,
    at: '2026-11-25T14:05:00.000Z',
    figures,
    severity: 'warning',
    failed: 1_178,
  }
  return {
    key: { name: 'Salesforce CRM' },
    timeZone: 'America/New_York',
    step: 'notified-0',
    facts: { ...facts, refusedScope: 31, beganAt: facts.at, ...more },
  } as unknown as Alert
}

const newNetwork = {
  newSource: {
    kind: 'network' as const,
    name: '203.0.113.0/24',
    share: 0.92,
    firstAt: '2026-11-25T13:00:00.000Z',
  },
}

const fresh = { network: '203.0.113.0/24', client: 'curl', requests: 23 }

test.each<[Reason, Partial<UseFacts>, string]>([
  ['spike', {}, '2,400 requests in five minutes, 20 × its busiest five minutes in 35 days.'],
  [
    'busy-hour',
    newNetwork,
    '3,100 requests in an hour, 3.1 × its busiest hour in 35 days. 92% from 203.0.113.0/24, first seen today.',
  ],
  [
    'unusual-time',
    {},
    '3,100 requests in an hour; at this time of day it had at most 12 requests in the last two weeks.',
  ],
  [
    'slow-burn',
    { window: { hours: 24, requests: 18_000, max: 10_000 } },
    '18,000 requests in 24 hours, 1.8 × the most it had in the same hours of the last two weeks.',
  ],
  ['errors', {}, '38% of 3,100 requests in an hour failed; usually 1% do.'],
  [
    'new-activity',
    {},
    'busy for 2 h 10 min, with 3,100 requests in the last hour; usually that lasts 25 minutes.',
  ],
  [
    'new-network',
    newNetwork,
    'used from where it never was before, with 3,100 requests in an hour. 92% from 203.0.113.0/24, first seen today.',
  ],
  [
    'new-network',
    { source: { reason: 'new-network', ...fresh, seconds: 40, usual: 0.4 } },
    '23 requests in 40 seconds from 203.0.113.0/24 by the client curl, which it was never used from or by before; in that time it usually has none.',
  ],
  [
    'person',
    { source: { reason: 'person', ...fresh, seconds: 40, usual: 0.4 } },
    'somebody seems to use it by hand: 23 requests by the client curl from 203.0.113.0/24. Until now only services used it.',
  ],
  [
    'probing',
    {},
    'refused 31 times in an hour for a missing scope; someone is trying actions this key does not allow.',
  ],
  [
    'fall',
    {},
    'only 12 requests in a quarter of an hour; at this time of day it had at least 260 in the last two weeks.',
  ],
  ['silence', {}, 'no request for 45 minutes; in that time it usually has 600 or more.'],
])('%s is told in one sentence with its numbers', (reason, more, sentence) => {
  expect(plain(useWords(about(reason, more)))).toBe(`Salesforce CRM: ${sentence}`)
})

test('what looks like a leak says so first, and what does not never says it', () => {
  const words = (severity: UseFacts['severity']) => plain(useWords(about('busy-hour', { severity })))
  expect(words('critical')).toMatch(/^Salesforce CRM may have leaked: 3,100 requests in an hour, 3\.1 × /)
  expect(words('warning')).not.toContain('leaked')
})

test("today is that of the workspace's clock, and another day is named", () => {
  const firstSeen = (firstAt: string) =>
    plain(useWords(about('busy-hour', { newSource: { ...newNetwork.newSource, firstAt } })))
  expect(firstSeen('2026-11-25T05:00:00.000Z')).toContain('203.0.113.0/24, first seen today.')
  expect(firstSeen('2026-11-25T04:00:00.000Z')).toContain('203.0.113.0/24, first seen on 2026-11-25.')
})

test('a key that never had any requests is not reported as a multiple of none', () => {
  const none = { ...figures, busiestHour: 0, busiestComparable: 0 }
  expect(plain(useWords(about('busy-hour', { figures: none })))).toBe(
    'Salesforce CRM: 3,100 requests in an hour, where its busiest hour in 35 days had none.',
  )
  expect(plain(useWords(about('unusual-time', { figures: none })))).toBe(
    'Salesforce CRM: 3,100 requests in an hour; at this time of day it had none in the last two weeks.',
  )
})

test('in quarantine the message says first that the key is deactivated, and by whom', () => {
  const alert = about('spike', {
    quarantinedBy: 'job:unusual-use',
    quarantinedAt: '2026-11-25T14:06:00.000Z',
  } as Partial<UseFacts>)
  expect(plain(useWords(alert, 'quarantined'))).toBe(
    'Salesforce CRM is in quarantine: Keywarden deactivated it on 2026-11-25 14:06 UTC. Before that: 2,400 requests in five minutes, 20 × its busiest five minutes in 35 days.',
  )
})

test('shares and lengths read as people say them', () => {
  const shares = [percent(1, 3), percent(0.004, 1), percent(0, 0), percent(1_200, 1_201), percent(1, 1)]
  expect(shares).toEqual(['33%', '0.4%', '0%', '99.9%', '100%'])
  expect([
    duration(5),
    duration(119),
    duration(120),
    duration(130),
    duration(2 * 1440),
    duration(3 * 1440),
  ]).toEqual(['5 minutes', '119 minutes', '2 h', '2 h 10 min', '48 h', '3 days'])
})

const event: Fleet = {
  id: 'flt_1',
  direction: 'more',
  keys: 6,
  activeKeys: 9,
  beganAt: new Date('2026-11-25T14:00:00Z'),
  grownAt: new Date('2026-11-25T14:05:00Z'),
  overAt: null,
  names: ['Salesforce CRM', 'HubSpot'],
  left: [],
}

test('the message of an event says that a key which looks leaked has an alert of its own', () => {
  expect(fleetMessage(event).text).toBe(
    '🟠 Warning · 6 of 9 active keys became much busier at about the same time, 2026-11-25 14:00 UTC. This looks like something that all of them do, rather than leaked keys. These keys have no separate alerts. A key that looks leaked, or is mostly used from somewhere new, has an alert of its own.',
  )
})

test('the message of an event that every key has left does not call it something that all of them do', () => {
  const left = ['Salesforce CRM', 'HubSpot']
  const { text, blocks } = fleetMessage({ ...event, keys: 0, names: [], left, overAt: event.grownAt })
  expect(text).toBe('✅ Several keys became much busier at about the same time, 2026-11-25 14:00 UTC.')
  expect(said(blocks)).toContain('With an alert of its own: Salesforce CRM, HubSpot.')
})

test('the message of an event that is over keeps what it said, struck through, and names the keys', () => {
  const { blocks } = fleetMessage({ ...event, overAt: event.grownAt })
  expect(JSON.stringify(blocks[0])).toContain('"strike":true')
  expect(said(blocks)).toMatch(/6 of 9 active keys .* It ended on .*: Salesforce CRM, HubSpot and 4 more\./)
})
