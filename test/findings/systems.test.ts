import { expect, test } from 'vitest'
import { neighbourhood, neighbourhoods, systemsAtLeast } from '../../src/findings/systems.ts'

const pair = (network: string, client: string) => ({ network, client })
const systems = (...pairs: ReturnType<typeof pair>[]) => systemsAtLeast(pairs).length

test('a fleet of one program is one system, however many networks it has', () => {
  const fleet = Array.from({ length: 40 }, (_, n) => pair(`${n + 1}.7.${n}.0/24`, 'python-requests'))
  expect(systems(...fleet)).toBe(1)
  expect(neighbourhoods(fleet)).toBe(40)
})

test('an office full of tools is one system, and so are networks behind a NAT that grows', () => {
  expect(
    systems(
      ...['curl', 'python-requests', 'PostmanRuntime', 'Go-http-client'].map((client) =>
        pair('203.0.113.0/24', client),
      ),
    ),
  ).toBe(1)
  const nat = Array.from({ length: 20 }, (_, n) => pair(`203.0.${n}.0/24`, n % 2 ? 'curl' : 'node'))
  expect(systems(...nat)).toBe(1)
  expect(neighbourhoods(nat)).toBe(1)
})

test('one provider’s IPv6 is one neighbourhood, and so are all private networks, which are seen from within', () => {
  expect(neighbourhood('2001:db8:1::/48')).toBe(neighbourhood('2001:db8:ffff::/48'))
  expect(neighbourhood('2001:db8:1::/48')).not.toBe(neighbourhood('2001:db9:1::/48'))
  const within = [
    '10.1.2.0/24',
    '10.200.0.0/24',
    '192.168.7.0/24',
    '172.16.1.0/24',
    '100.64.3.0/24',
    'fd00:1:2::/48',
  ]
  expect(new Set(within.map(neighbourhood))).toEqual(new Set(['private']))
})

test('somebody on IPv4 and IPv6 with one program is one system', () => {
  expect(systems(pair('198.51.100.0/24', 'curl'), pair('2001:db8:1::/48', 'curl'))).toBe(1)
})

test('what shares neither network nor client with the others counts, whatever order it comes in', () => {
  const pairs = [
    pair('198.51.100.0/24', 'curl'),
    pair('198.51.100.0/24', 'node'),
    pair('203.0.113.0/24', 'curl'),
    pair('192.0.2.0/24', 'Java'),
    pair('192.0.2.0/24', 'node'),
  ]
  expect(systems(...pairs)).toBe(3)
  expect(systems(...pairs.toReversed())).toBe(3)
})

test('where requests came from is no evidence when nobody knows it', () => {
  expect(systems(pair('unknown', 'curl'), pair('other', 'other'), pair('192.0.2.0/24', 'curl'))).toBe(1)
})
