import { inspect } from 'node:util'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Refusal, sentence } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { displayStatus, isOver, type Key, legalFrom, worksUntil } from '../../src/keys/key.ts'
import { inheritedLifetime, readExpiry } from '../../src/keys/lifetime.ts'
import { readLimit } from '../../src/keys/limit.ts'
import { readName, readWords, straightQuotes, tidy } from '../../src/keys/name.ts'
import { isWithin, parseNetworks, readNetworks } from '../../src/keys/networks.ts'
import { pastedWords, tokensIn } from '../../src/keys/pasted.ts'
import { revokedAlready } from '../../src/keys/revoked.ts'
import { canChange, isScope, scopeMeanings, scopes } from '../../src/keys/scope.ts'
import { generateToken, hashToken, isHint, isWellFormed, tokenLength } from '../../src/keys/token.ts'
import { hintCharacters, isConfirmedBy } from '../../src/keys/typed-confirmation.ts'
import { readPolicy } from '../../src/policy/policy.ts'

const said = (refusal: unknown) => plain(sentence(refusal as Refusal))
const noon = new Date('2026-03-01T12:00:00Z')
const before = new Date('2026-03-01T11:59:59.999Z')
const after = new Date('2026-03-01T12:00:00.001Z')

describe('a key', () => {
  test('works until its expiry or the end of its grace, whichever comes first', () => {
    expect(worksUntil({ expiresAt: null, endsAt: null })).toBeNull()
    expect(worksUntil({ expiresAt: noon, endsAt: null })).toBe(noon)
    expect(worksUntil({ expiresAt: null, endsAt: noon })).toBe(noon)
    expect(worksUntil({ expiresAt: noon, endsAt: after })).toBe(noon)
    expect(worksUntil({ expiresAt: after, endsAt: noon })).toBe(noon)
  })

  test('is over at the very moment of its end', () => {
    const key = { expiresAt: noon, endsAt: null }
    expect([before, noon, after].map((now) => isOver(key, now))).toEqual([false, true, true])
    expect(isOver({ expiresAt: null, endsAt: null }, after)).toBe(false)
  })

  test.each(['active', 'inactive'] as const)('that is %s is shown as expired once it is over', (status) => {
    const key = { status, expiresAt: noon, endsAt: null }
    expect([displayStatus(key, before), displayStatus(key, noon)]).toEqual([status, 'expired'])
  })

  test.each(['unrevealed', 'revoked'] as const)('that is %s is never shown as expired', (status) => {
    expect(displayStatus({ status, expiresAt: noon, endsAt: null }, after)).toBe(status)
  })

  test('leaves only the states that each verb names', () => {
    expect(legalFrom).toEqual({
      reveal: ['unrevealed'],
      deactivate: ['active'],
      activate: ['inactive'],
      revoke: ['unrevealed', 'active', 'inactive'],
      rotate: ['active', 'inactive'],
    })
  })

  test('that was revoked says by whom, when, and how to get a new one', () => {
    const key = { name: 'CRM', statusChangedBy: 'U0ADA00001', statusChangedAt: noon } as Key
    const refusal = revokedAlready(key)
    expect(refusal).toMatchObject({ refused: true, code: 'gone' })
    expect(said(refusal)).toBe(
      '@U0ADA00001 revoked CRM on 2026-03-01 12:00 UTC. Make a new one with /keys create.',
    )
  })
})

describe('a scope', () => {
  test('is one of five, each with its meaning', () => {
    expect(Object.keys(scopeMeanings)).toEqual([...scopes])
    expect(Object.values(scopeMeanings).every((meaning) => meaning.length > 10)).toBe(true)
    expect(scopes.every(isScope)).toBe(true)
    expect(isScope('admin')).toBe(false)
  })

  test.each([
    [[], false],
    [['read'], false],
    [['read', 'analytics'], false],
    [['write'], true],
    [['conversations'], true],
    [['read', 'agents'], true],
  ])('%j lets a key change things: %s', (chosen, changes) => {
    expect(canChange(chosen)).toBe(changes)
  })
})

describe('what is typed before a revoke', () => {
  const key = { name: 'Salesforce “CRM”', hint: 'tml_Ab3d...' }

  test('confirms by the name in any case and curl, or by the four characters of the hint', () => {
    expect(hintCharacters(key)).toBe('Ab3d')
    expect(isConfirmedBy(' salesforce "crm" ', key)).toBe(true)
    expect(isConfirmedBy(' Ab3d ', key)).toBe(true)
    expect(isConfirmedBy('ab3d', key)).toBe(false)
    expect(isConfirmedBy('Salesforce', key)).toBe(false)
  })

  test('confirms by the name alone where nobody has revealed the key', () => {
    expect(hintCharacters({ hint: null })).toBeUndefined()
    expect(isConfirmedBy('', { name: 'CRM', hint: null })).toBe(false)
    expect(isConfirmedBy('crm', { name: 'CRM', hint: null })).toBe(true)
  })
})

describe('a name', () => {
  test.each([
    [' two \n words\t', 'two words'],
    ['a\u0000b', 'a b'],
    ['a\u2028b\u2029c', 'a b c'],
    ['\uFEFFa', 'a'],
    ['\ud83dx', 'x'],
    ['x\udd11', 'x'],
    ['🔑', '🔑'],
    ['e\u0301', 'é'],
  ])('%j is kept as %j', (typed, kept) => {
    expect(tidy(typed)).toBe(kept)
  })

  test('has straight quotes where a phone curled them', () => {
    expect(straightQuotes('“a” „b‟ ‘c’ ‚d‛')).toBe(`"a" "b" 'c' 'd'`)
  })

  test('is 1 to 80 characters, each counted once', () => {
    expect(readName('🔑'.repeat(80))).toBe('🔑'.repeat(80))
    expect(said(readName('x'.repeat(81)))).toBe('Use at most 80 characters.')
    expect(said(readName(' \u200b '))).toBe('Give the key a name.')
    expect(readName('')).toMatchObject({ code: 'invalid', field: 'name' })
    expect(readName('x'.repeat(81))).toMatchObject({ code: 'invalid', field: 'name' })
  })

  test('of letters that stand for whole sentences is refused', () => {
    const name = '\ufdfa'.repeat(80)
    expect(readName(name)).toMatchObject({ code: 'invalid', field: 'name' })
    expect(said(readName(name))).toBe('Use a shorter name; some of its letters stand for many.')
    expect(readName('x'.repeat(80))).toBe('x'.repeat(80))
    // Each is compared as three.
    expect(readName('…'.repeat(80))).toBe('…'.repeat(80))
  })

  test('words are tidied and cut off by no limit but theirs', () => {
    expect(readWords(' a  b ', 3, 'integration')).toBe('a b')
    expect(readWords('abcd', 3, 'integration')).toMatchObject({
      ...{ refused: true, code: 'invalid', field: 'integration', message: ['Use at most 3 characters.'] },
    })
    expect(readWords('🔑🔑🔑', 3, 'integration')).toBe('🔑🔑🔑')
  })
})

describe('a lifetime', () => {
  const free = readPolicy({ mustExpire: 'none' })

  test.each([
    ['1', 1],
    ['3650', 3650],
    [' 30 ', 30],
    ['', null],
  ])('of %j is %j days', (typed, days) => {
    expect(readExpiry(typed, ['write'], free)).toBe(days)
  })

  test.each(['0', '3651', '-1', '1.5', 'x', '1000000', '30 days'])(
    'of %j is refused on its field',
    (typed) => {
      const refusal = readExpiry(typed, ['read'], free)
      expect(refusal).toMatchObject({ code: 'invalid', field: 'expires' })
      expect(said(refusal)).toBe('Enter a whole number of days from 1 to 3650.')
    },
  )

  test('is at most the longest that policy has, which then binds every key', () => {
    const short = readPolicy({ mustExpire: 'write', maximumLifetimeDays: 60 })
    expect(readExpiry('60', ['read'], short)).toBe(60)
    expect(said(readExpiry('61', ['read'], short))).toBe('Enter a whole number of days from 1 to 60.')
    expect(said(readExpiry('', ['write'], short))).toBe('Keys must expire. Enter a number of days.')
    expect(said(readExpiry('', ['write'], readPolicy({})))).toBe(
      'Write keys must expire. Enter a number of days.',
    )
    expect(readExpiry('', ['write'], short)).toMatchObject({ code: 'invalid', field: 'expires' })
    expect(said(readExpiry('', ['read'], readPolicy({ mustExpire: 'all' })))).toBe(
      'Keys must expire. Enter a number of days.',
    )
  })

  test.each([
    [30, [], {}, 30],
    [4_000, [], {}, 3650],
    [90, [], { maximumLifetimeDays: 60 }, 60],
    [null, ['read'], {}, null],
    [null, ['write'], {}, 365],
    [null, ['read'], { maximumLifetimeDays: 60 }, 60],
  ])('of %j with %j is passed on under %j as %j', (days, chosen, rules, passedOn) => {
    expect(inheritedLifetime(days, chosen, readPolicy(rules))).toBe(passedOn)
  })
})

describe('a limit', () => {
  test.each([
    ['', null],
    ['  ', null],
    ['1', 1],
    ['1000000', 1_000_000],
    ['1,000', 1_000],
    ['1 000', 1_000],
    ['1_000_000', 1_000_000],
  ])('of %j is %j', (typed, limit) => {
    expect(readLimit(typed)).toBe(limit)
  })

  test.each(['0', '1000001', '1.5', '-3', '1,00', 'x', '12345678', '3 a minute'])(
    'of %j is refused',
    (typed) => {
      const refusal = readLimit(typed)
      expect(refusal).toMatchObject({ code: 'invalid', field: 'limit' })
      expect(said(refusal)).toBe('Enter a whole number of requests per minute from 1 to 1,000,000.')
    },
  )
})

describe('networks', () => {
  test('are at most fifty', () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => `10.0.${i}.1`).join(';')
    expect(readNetworks(many(50))).toHaveLength(50)
    expect(said(readNetworks(many(51)))).toBe('Name at most 50 networks.')
    expect(readNetworks(many(51))).toMatchObject({ code: 'invalid', field: 'networks' })
  })

  test('that are none are named with what to write, as far as a line of a form goes', () => {
    expect(said(readNetworks('office'))).toBe(
      'office is not a network. Write addresses or networks such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.',
    )
    expect(said(readNetworks('x'.repeat(100)))).toMatch(/^x{60} is/)
    expect(readNetworks('office')).toMatchObject({ code: 'invalid', field: 'networks' })
  })

  test('may lie beside each other, and not one within another', () => {
    const apart = ['10.0.0.0/9', '10.128.0.0/9', '192.0.2.7/32', '2001:db8::/32']
    expect(readNetworks(`\n${apart.join(' ,; \n')}, 192.0.2.7;`)).toEqual(apart)
    const refusal = readNetworks('10.1.0.0/16 10.0.0.0/8')
    expect(refusal).toMatchObject({ code: 'invalid', field: 'networks' })
    expect(said(refusal)).toBe('10.1.0.0/16 lies within 10.0.0.0/8 already. Leave out one of the two.')
    expect(said(readNetworks('10.0.0.0/8 10.1.0.0/16'))).toBe(said(refusal))
  })

  test('hold the addresses that lie in them, and nothing else', () => {
    const networks = parseNetworks(['10.0.0.0/8', '2001:db8::/32'])
    expect(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7'].map((ip) => isWithin(networks, ip))).toEqual([
      ...[true, true, true],
    ])
    expect(['11.0.0.1', '2001:db9::1', 'unknown', ''].map((ip) => isWithin(networks, ip))).toEqual([
      ...[false, false, false, false],
    ])
  })
})

describe('a token', () => {
  const bytes = (first: number) => (length: number) =>
    Uint8Array.from({ length }, (_, i) => (first + i) % 248)
  const prefix = 'tml_'
  const token = generateToken(prefix, bytes(0))

  test('has its prefix, 32 characters and a checksum, and prints itself as its hint', () => {
    const secret = token.open()
    expect(secret).toHaveLength(tokenLength(prefix))
    expect(tokenLength(prefix)).toBe(42)
    expect(secret.slice(0, 36)).toBe('tml_0123456789ABCDEFGHIJKLMNOPQRSTUV')
    expect(isWellFormed(secret, prefix)).toBe(true)
    expect(token.hint).toBe('tml_0123...')
    expect([String(token), JSON.stringify(token)]).toEqual(['tml_0123...', '"tml_0123..."'])
    expect(inspect({ token })).toBe('{ token: Token(tml_0123...) }')
    const { hint } = generateToken('longer_prefix_', bytes(10))
    expect(hint).toBe('longer_prefix_ABCD...')
    expect(token.hash()).toEqual(hashToken(secret))
    expect(hashToken('a').toString('hex')).toMatch(/^ca978112ca1bbdca/)
  })

  test('takes no byte that would make one character likelier than another', () => {
    let calls = 0
    const random = (length: number) => {
      calls++
      return new Uint8Array(length).fill(calls === 1 ? 248 : 247)
    }
    expect(generateToken(prefix, random).open().slice(4, 36)).toBe('z'.repeat(32))
    expect(calls).toBe(2)
  })

  test('has no more characters where the source has to be asked once more', () => {
    let calls = 0
    const random = (length: number) => {
      calls++
      return new Uint8Array(length).map((_, i) => (calls === 1 && i > 0 ? 255 : i))
    }
    expect(generateToken(prefix, random).open()).toHaveLength(tokenLength(prefix))
  })

  test('is not one with another prefix, length, alphabet or checksum', () => {
    const secret = token.open()
    expect(isWellFormed(secret.replace('tml_', 'tmx_'), prefix)).toBe(false)
    expect(isWellFormed(`${secret}0`, prefix)).toBe(false)
    expect(isWellFormed(secret.slice(0, -1), prefix)).toBe(false)
    expect(isWellFormed(secret.replace('5', '-'), prefix)).toBe(false)
    expect(isWellFormed(secret.replace('5', '6'), prefix)).toBe(false)
    expect(isWellFormed(`${secret.slice(0, -1)}_`, prefix)).toBe(false)
  })

  test('is not one by its checksum alone', () => {
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    const withChecksum = (text: string) => {
      let rest = crc32(text)
      const sum = Array.from({ length: 6 }, () => {
        const digit = digits[rest % 62]!
        rest = Math.floor(rest / 62)
        return digit
      })
      return text + sum.reverse().join('')
    }
    expect(isWellFormed(withChecksum(`tml_${'a'.repeat(32)}`), prefix)).toBe(true)
    for (const body of [
      `tml_${'a'.repeat(31)}`,
      `tml_${'a'.repeat(33)}`,
      `tmx_${'a'.repeat(32)}`,
      `tml_-${'a'.repeat(31)}`,
      `tml_${'a'.repeat(31)}-`,
      `tml_${'a'.repeat(15)}é${'a'.repeat(16)}`,
    ])
      expect(isWellFormed(withChecksum(body), prefix), body).toBe(false)
  })

  test('of another maker has a hint of 4 to 16 visible characters', () => {
    expect(['abc', 'abcd', 'x'.repeat(16), 'x'.repeat(17), 'ab cd', 'abcé'].map(isHint)).toEqual([
      ...[false, true, true, false, false, false],
    ])
  })

  test('is found in a text where it stands alone, once', () => {
    const secret = token.open()
    expect(tokensIn(`see ${secret}, (${secret}) _${secret}_`, prefix)).toEqual([secret])
    for (const text of [
      `x${secret}`,
      `${secret}x`,
      `9${secret}`,
      `__${secret}`,
      `${secret}__`,
      `x_${secret}`,
    ])
      expect(tokensIn(text, prefix), text).toEqual([])
    expect(tokensIn(`${secret}_`, prefix)).toEqual([secret])
    expect(tokensIn(secret.slice(0, -1), prefix)).toEqual([])
  })

  test('is one of a thousand at most', () => {
    const many = Array.from({ length: 1_001 }, (_, n) =>
      generateToken(prefix, (length) =>
        Uint8Array.from({ length }, (__, i) => [n % 62, Math.floor(n / 62)][i] ?? 1),
      ).open(),
    )
    expect(new Set(many).size).toBe(1_001)
    expect(tokensIn(many.join(' '), prefix)).toHaveLength(1_000)
    expect(pastedWords(many.join(' '), prefix)).toHaveLength(1_000)
  })

  test('stands before the other words of what somebody pasted', () => {
    const secret = token.open()
    expect(
      pastedWords(
        `API_KEY= token: ${secret}\n"tml_Ab3d..." foreign-key-0123456789=, ab abc; xyz9… <abcd>|efgh tml_Ab3d`,
        prefix,
      ),
    ).toEqual([secret, 'tml_Ab3d', 'foreign-key-0123456789=', 'xyz9', 'abcd', 'efgh'])
    // What stands around a token is not joined; dots within a word stay; a name is short, and ends with its sign.
    expect(pastedWords(`abc.${secret}.xyz`, prefix)).toEqual([secret, 'abc.', '.xyz'])
    const words = ['abcd...efgh', `${'x'.repeat(19)}=`, 'a=bcd', 'a:bcd']
    expect(pastedWords(`${words.join(' ')} ${'x'.repeat(18)}=`, prefix)).toEqual(words)
  })
})
