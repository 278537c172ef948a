import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { crc32 } from 'node:zlib'
import type { Random } from '../foundation/random.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLength = 32
const checksumLength = 6
const hintLength = 4

/**
 * The full secret of a key. It prints itself as its hint in logs, JSON and `inspect`; only `open` gives the
 * string, and only the view that shows it once may call that.
 */
export class Token {
  readonly #secret: string
  readonly hint: string

  constructor(secret: string, prefixLength: number) {
    this.#secret = secret
    this.hint = `${secret.slice(0, prefixLength + hintLength)}...`
  }

  /** The full token. Never log, store or pass on what this returns. */
  open(): string {
    return this.#secret
  }

  /** SHA-256, the only form that is stored. */
  hash(): Buffer {
    return hashToken(this.#secret)
  }

  toString(): string {
    return this.hint
  }

  toJSON(): string {
    return this.hint
  }

  [inspect.custom](): string {
    return `Token(${this.hint})`
  }
}

/** Whether a text can stand before the dots of a hint, ours or that of a token made elsewhere. */
export const isHint = (text: string): boolean => /^[\x21-\x7e]{4,16}$/.test(text)

/** SHA-256 of a token as presented: 32 bytes. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * A new token: prefix, 32 base62 characters from the random source (190 bits), and the CRC-32 of what precedes as
 * 6 base62 characters. The checksum drops typos and noise before any look-up; it is public, so it is no security.
 */
export function generateToken(prefix: string, random: Random): Token {
  let body = prefix
  // Bytes of 248 and above are dropped: 248 is the largest multiple of 62, so no character is likelier than another.
  while (body.length < prefix.length + randomLength)
    for (const byte of random(randomLength))
      if (byte < 248 && body.length < prefix.length + randomLength) body += alphabet[byte % 62]
  return new Token(body + checksum(body), prefix.length)
}

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let i = 0; i < checksumLength; i++) {
    digits = alphabet[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

/** How many characters a token with that prefix has. */
export const tokenLength = (prefix: string): number => prefix.length + randomLength + checksumLength

/** Whether a text has the form of a token that was issued here: prefix, length, alphabet, checksum. */
export function isWellFormed(text: string, prefix: string): boolean {
  if (text.length !== tokenLength(prefix) || !text.startsWith(prefix) || !/^[0-9A-Za-z_]+$/.test(text))
    return false
  // Compared as numbers: every request does this.
  let claimed = 0
  for (let i = text.length - checksumLength; i < text.length; i++)
    claimed = claimed * 62 + digitValues[text.charCodeAt(i)]!
  return claimed === crc32(text.slice(0, -checksumLength))
}

/** By character code; an underscore is no digit, and no checksum has the number that it leads to. */
const digitValues = new Float64Array(128).fill(Number.NaN)
for (const [value, digit] of [...alphabet].entries()) digitValues[digit.charCodeAt(0)] = value
