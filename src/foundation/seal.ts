import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from './random.ts'

/** Keys of AES-256-GCM by name. The first seals, all open. */
export type SealingKeys = readonly { id: string; key: Buffer }[]

/** A sealed text: the name of its key, and base64 of nonce, ciphertext and tag. */
export type Sealed = { keyId: string; text: string }

const nonceBytes = 12
const tagBytes = 16

/**
 * Reads `NAME:BASE64` of 32 bytes each, separated by blanks or commas. Undefined when one has another form, or a name is
 * there twice.
 */
export function readSealingKeys(text: string): SealingKeys | undefined {
  const keys = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((word) => {
      const [, id, base64 = ''] = /^([A-Za-z0-9_.-]{1,40}):([A-Za-z0-9+/]{43}=)$/.exec(word) ?? []
      return { id, key: Buffer.from(base64, 'base64') }
    })
  const isGood = keys.every(({ id, key }) => id !== undefined && key.length === 32)
  if (!isGood || new Set(keys.map(({ id }) => id)).size < keys.length) return undefined
  return keys as { id: string; key: Buffer }[]
}

/** Seals a text under the first key. It opens only with the same `purpose`, so that it cannot be put in another's place. */
export function seal(keys: SealingKeys, text: string, purpose: string, random: Random): Sealed | undefined {
  const [first] = keys
  if (!first) return undefined
  const nonce = random(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', first.key, nonce).setAAD(Buffer.from(purpose))
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return { keyId: first.id, text: sealed.toString('base64') }
}

/** The text; undefined when its key is not there, is another, or what was sealed was changed. */
export function unseal(keys: SealingKeys, { keyId, text }: Sealed, purpose: string): string | undefined {
  const found = keys.find(({ id }) => id === keyId)
  const sealed = Buffer.from(text, 'base64')
  if (!found || sealed.length < nonceBytes + tagBytes) return undefined
  try {
    const opening = createDecipheriv('aes-256-gcm', found.key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    opening.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(-tagBytes))
    const content = opening.update(sealed.subarray(nonceBytes, -tagBytes))
    return Buffer.concat([content, opening.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
