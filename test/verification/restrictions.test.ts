import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { readLimit } from '../../src/keys/limit.ts'
import { isWithin, parseNetworks, readNetworks } from '../../src/keys/networks.ts'
import { clientAddress } from '../../src/verification/client-address.ts'
import { Limits, shareOf } from '../../src/verification/limits.ts'

describe('networks as a person types them', () => {
  test.each([
    ['', []],
    ['203.0.113.7', ['203.0.113.7/32']],
    ['10.1.2.3/8, 10.0.0.0/8', ['10.0.0.0/8']],
    ['2001:DB8::1/32\n::1', ['2001:db8::/32', '::1/128']],
    ['::ffff:10.0.0.1', ['10.0.0.1/32']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
  ])('%j is understood', (typed, networks) => {
    expect(readNetworks(typed)).toEqual(networks)
  })

  test.each(['10.0.0', '10.0.0.0/33', '2001:db8::/129', '0x7f.1', '300.1.1.1', 'office', '1.2.3.4/', '::g'])(
    '%j is refused on the field',
    (typed) => {
      expect(readNetworks(typed)).toMatchObject({ refused: true, field: 'networks' })
    },
  )

  test('there may be fifty of them', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i}.0/24`).join(' ')
    expect(readNetworks(many(50))).toHaveLength(50)
    expect(isRefusal(readNetworks(many(51)))).toBe(true)
  })
})

describe('a limit as a person types it', () => {
  test.each([
    ['', null],
    [' 60 ', 60],
    ['1,000', 1_000],
    ['1000000', 1_000_000],
  ])('%j is understood', (typed, limit) => {
    expect(readLimit(typed)).toBe(limit)
  })
  test.each(['0', '-1', '1.5', '1000001', 'many', '1e3'])('%j is refused on the field', (typed) => {
    expect(readLimit(typed)).toMatchObject({ refused: true, field: 'limit' })
  })
})

describe('the client behind proxies', () => {
  const trusted = parseNetworks(['10.0.0.0/8', '::1/128'])
  test.each([
    ['a stranger is believed nothing', '198.51.100.1', '203.0.113.7', '198.51.100.1'],
    ['a proxy of ours is believed', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['what the client wrote itself is not looked at', '10.0.0.1', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['several proxies of ours are passed over', '10.0.0.1', '203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['over IPv6 too', '::1', '2001:db8::7', '2001:db8::7'],
    ['without the header it is who connects', '10.0.0.1', undefined, '10.0.0.1'],
  ])('%s', (_name, peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, trusted)).toBe(expected)
  })
  test('an address that is none lies in no network', () => {
    expect(isWithin(parseNetworks(['0.0.0.0/0', '::/0']), 'unknown')).toBe(false)
  })
})

describe('a limit per minute', () => {
  test('is divided among replicas so that the parts add up to it', () => {
    for (const [limit, replicas] of [
      [100, 3],
      [7, 7],
      [1_000, 6],
    ] as const) {
      const parts = Array.from({ length: replicas }, (_, place) => shareOf(limit, { replicas, place }))
      expect(parts.reduce((a, b) => a + b)).toBe(limit)
      expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1)
    }
    expect(shareOf(1, { replicas: 3, place: 2 })).toBe(1)
  })

  test('lets exactly its share through in each minute', () => {
    const limits = new Limits()
    const at = Date.parse('2026-01-01T10:00:30Z')
    const taken = Array.from({ length: 5 }, () => limits.take('k', 9, 3, at))
    expect(taken.map((each) => each.isAllowed)).toEqual([true, true, true, false, false])
    expect(taken.map((each) => each.remaining)).toEqual([2, 1, 0, 0, 0])
    expect(taken[4]).toMatchObject({ limit: 9, resetSeconds: 30 })
    expect(limits.take('other', 9, 3, at).isAllowed).toBe(true)
    expect(limits.take('k', 9, 3, at + 30_000).isAllowed).toBe(true)
  })
})
