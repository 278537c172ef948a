import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/foundation/config.ts'
import { isRefusal, type Refusal, sentence } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { readLimit } from '../../src/keys/limit.ts'
import { isWithin, parseNetworks, readNetworks } from '../../src/keys/networks.ts'
import { clientAddress } from '../../src/verification/client-address.ts'
import { Limits, shareOf } from '../../src/verification/limits.ts'

describe('networks as a person types them', () => {
  test.each([
    ['', []],
    ['203.0.113.7', ['203.0.113.7/32']],
    ['10.0.0.0/8, 10.0.0.0/8', ['10.0.0.0/8']],
    ['2001:DB8::/32\n::1', ['2001:db8::/32', '::1/128']],
    ['::ffff:10.0.0.1', ['10.0.0.1/32']],
    ['::ffff:10.0.0.0/104', ['10.0.0.0/8']],
    ['::ffff:a00:0/104', ['10.0.0.0/8']],
    ['10.0.0.0/16 10.1.0.0/16', ['10.0.0.0/16', '10.1.0.0/16']],
  ])('%j is understood', (typed, networks) => {
    expect(readNetworks(typed)).toEqual(networks)
  })

  test.each(['10.0.0', '10.0.0.0/33', '2001:db8::/129', '0x7f.1', '300.1.1.1', 'office', '1.2.3.4/', '::g'])(
    '%j is refused on the field',
    (typed) => {
      expect(readNetworks(typed)).toMatchObject({ refused: true, field: 'networks' })
    },
  )

  test.each([
    [
      '10.1.2.3/8',
      '10.1.2.3/8 is not how a network begins: write 10.0.0.0/8, or 10.1.2.3 for the one address.',
    ],
    [
      '2001:db8::1/32',
      '2001:db8::1/32 is not how a network begins: write 2001:db8::/32, or 2001:db8::1 for the one address.',
    ],
    [
      '::ffff:10.1.2.3/104',
      '::ffff:10.1.2.3/104 is not how a network begins: write 10.0.0.0/8, or 10.1.2.3 for the one address.',
    ],
    ['0.0.0.0/0', '0.0.0.0/0 is every address. Leave the field empty for no limit.'],
    ['::/0', '::/0 is every address. Leave the field empty for no limit.'],
    ['::ffff:0.0.0.0/96', '::ffff:0.0.0.0/96 is every address. Leave the field empty for no limit.'],
    ['10.0.0.0/8 10.1.0.0/16', '10.1.0.0/16 lies within 10.0.0.0/8 already. Leave out one of the two.'],
    [
      '2001:db8::7 2001:db8::/32',
      '2001:db8::7/128 lies within 2001:db8::/32 already. Leave out one of the two.',
    ],
  ])('%j may mean something else, and the sentence says what', (typed, said) => {
    const refusal = readNetworks(typed) as Refusal
    expect([refusal.field, plain(sentence(refusal))]).toEqual(['networks', said])
  })

  test.each(['010.0.0.1', '10.0.0.01', '10.0.0.0/08', '::ffff:010.0.0.1', '::ffff:10.0.0.0/90'])(
    '%j, which others read differently, is refused',
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
    ['a port is no part of it', '10.0.0.1', '203.0.113.7:51234, 10.0.0.2:80', '203.0.113.7:51234'],
    ['nor are brackets', '10.0.0.1', '[2001:db8::7]:443, [::1], "[::1]:80"', '[2001:db8::7]:443'],
    ['a proxy may be IPv4 within IPv6', '::ffff:10.0.0.1', '203.0.113.7, ::ffff:10.0.0.2', '203.0.113.7'],
    ['empty entries are not looked at', '10.0.0.1', '203.0.113.7, , ,10.0.0.2,', '203.0.113.7'],
    ['one that is no address is a stranger', '10.0.0.1', '203.0.113.7, unknown', 'unknown'],
    ['so is one with a leading zero', '10.0.0.1', '203.0.113.7, 010.0.0.2', '010.0.0.2'],
    ['where all are ours it is the first', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['without the header it is who connects', '10.0.0.1', undefined, '10.0.0.1'],
  ])('%s', (_name, peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, trusted)).toBe(expected)
  })

  test.each([
    ['203.0.113.7', true],
    ['203.0.113.7:51234', true],
    ['::ffff:203.0.113.7', true],
    ['::ffff:cb00:7107', true],
    ['[::ffff:203.0.113.7]:443', true],
    ['2001:db8::7', true],
    ['[2001:db8::7]', true],
    ['[2001:db8::7]:443', true],
    ['"[2001:db8::7]:443"', true],
    ['fe80::1%eth0', true],
    ['[fe80::1%25eth0]:80', true],
    ['203.0.114.7', false],
    ['0203.0.113.7', false],
    ['203.0.113.07', false],
    ['203.0.113.7%eth0', false],
    ['203.0.113.7:', false],
    ['203.0.113.7:x', false],
    ['203.0.113.7, 203.0.113.7', false],
    ['0xcb007107', false],
    ['3405803783', false],
    ['203.28935', false],
    ['[203.0.113.7', false],
    ['unknown', false],
    ['', false],
  ])('as proxies write it: %s is there: %s', (address, expected) => {
    const networks = parseNetworks(['203.0.113.0/24', '2001:db8::/32', 'fe80::/10'])
    expect(isWithin(networks, address)).toBe(expected)
  })

  test('an address that is none lies in no network', () => {
    expect(isWithin(parseNetworks(['0.0.0.0/0', '::/0']), 'unknown')).toBe(false)
  })

  test('the networks of proxies are those that a person means, or the start says what is wrong', () => {
    const configured = (networks: string) =>
      readConfig({ DATABASE_URL: 'postgres://x', KEYWARDEN_TRUSTED_PROXIES: networks }).verify.trustedProxies
    expect(configured('10.0.0.0/8, 192.0.2.1 ::ffff:172.16.0.0/108')).toEqual([
      ...['10.0.0.0/8', '192.0.2.1/32', '172.16.0.0/12'],
    ])
    for (const wrong of ['0.0.0.0/0', '10.1.2.3/8', '010.0.0.0/8', '*'])
      expect(() => configured(wrong)).toThrow(ConfigError)
    expect(() => configured('10.1.2.3/8')).toThrow('write 10.0.0.0/8')
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
