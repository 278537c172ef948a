import type { Random } from './random.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new id such as `key_7f3k…`: the kind of thing, and 100 random bits in Crockford's base 32. */
export function newId(kind: string, random: Random): string {
  let id = `${kind}_`
  for (const byte of random(20)) id += alphabet[byte & 31]
  return id
}
