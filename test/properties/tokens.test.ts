import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Random } from '../../src/foundation/random.ts'
import { generateToken, hashToken, isWellFormed } from '../../src/keys/token.ts'
import { pastedToken } from '../../src/slack/words.ts'
import fc from '../setup/seeded.ts'

/** Random bytes that fast-check chooses, over and over: the generator may ask for more than there are. */
const random = fc
  .uint8Array({ minLength: 64, maxLength: 200 })
  .filter((bytes) => bytes.some((byte) => byte < 248))
  .map((bytes): Random => {
    let at = 0
    return (count) => Uint8Array.from({ length: count }, () => bytes[at++ % bytes.length]!)
  })
const prefix = fc.stringMatching(/^[a-z][a-z0-9]{1,9}_$/)
const tokens = fc.tuple(prefix, random).map(([start, bytes]) => ({
  start,
  token: generateToken(start, bytes),
}))
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('a token', () => {
  test('is its prefix and 38 letters and digits, is well-formed, and shows four of them in its hint', () => {
    fc.assert(
      fc.property(tokens, ({ start, token }) => {
        const secret = token.open()
        expect(secret).toMatch(new RegExp(`^${start}[0-9A-Za-z]{38}$`))
        expect(isWellFormed(secret, start)).toBe(true)
        expect(token.hint).toBe(`${secret.slice(0, start.length + 4)}...`)
        expect(token.hash()).toEqual(hashToken(secret))
      }),
    )
  })

  test('with any one character changed is not well-formed: the checksum finds every such slip', () => {
    fc.assert(
      fc.property(tokens, fc.nat(37), fc.nat(60), ({ start, token }, position, step) => {
        const secret = token.open()
        const at = start.length + position
        const other = alphabet[(alphabet.indexOf(secret[at]!) + 1 + step) % 62]!
        expect(isWellFormed(secret.slice(0, at) + other + secret.slice(at + 1), start)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('with two neighbours exchanged is not well-formed', () => {
    fc.assert(
      fc.property(tokens, fc.nat(36), ({ start, token }, position) => {
        const characters = [...token.open()]
        const at = start.length + position
        fc.pre(characters[at] !== characters[at + 1])
        ;[characters[at], characters[at + 1]] = [characters[at + 1]!, characters[at]!]
        expect(isWellFormed(characters.join(''), start)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('that is shorter, longer, or of another prefix is not well-formed', () => {
    fc.assert(
      fc.property(tokens, prefix, ({ start, token }, other) => {
        const secret = token.open()
        for (const text of [secret.slice(1), secret.slice(0, -1), `${secret}0`, ` ${secret}`, `${secret}\n`])
          expect(isWellFormed(text, start)).toBe(false)
        if (other !== start) expect(isWellFormed(secret, other)).toBe(false)
      }),
    )
  })

  test('is found in any text that holds it whole', () => {
    fc.assert(
      fc.property(tokens, fc.string(), fc.string(), ({ start, token }, before, after) => {
        expect(pastedToken(before + token.open() + after, start)).toBe(token.open())
      }),
    )
    expect(pastedToken('x tml_Ab3d... y', 'tml_')).toBeUndefined()
  })
})

test('no text makes the check throw, and noise is not well-formed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      expect(isWellFormed(text, 'tml_')).toBe(false)
    }),
  )
})

test('every character is as likely as another', () => {
  let block = 0
  const hashes: Random = (count) => {
    const bytes = createHash('sha512').update(String(block++)).digest()
    return bytes.subarray(0, count)
  }
  const seen = new Map<string, number>()
  for (let i = 0; i < 4000; i++)
    for (const one of generateToken('tml_', hashes).open().slice(4, 36))
      seen.set(one, (seen.get(one) ?? 0) + 1)
  const expected = (4000 * 32) / 62
  expect(seen.size).toBe(62)
  for (const count of seen.values()) expect(Math.abs(count - expected)).toBeLessThan(expected / 10)
})
