import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

/**
 * An Ed25519 private key from PEM (line breaks may be written as \n) or from the base64 of its PKCS#8 form.
 * Undefined when it is neither.
 */
export function readPrivateKey(text: string): KeyObject | undefined {
  const given = text.trim().replaceAll('\\n', '\n')
  try {
    const key = given.startsWith('-----')
      ? createPrivateKey(given)
      : createPrivateKey({ key: Buffer.from(given, 'base64'), format: 'der', type: 'pkcs8' })
    return isEd25519(key) ? key : undefined
  } catch {
    return undefined
  }
}

/** An Ed25519 public key from PEM. Undefined when it is none; a private key does not pass for one. */
export function readPublicKey(pem: string): KeyObject | undefined {
  if (!pem.includes('BEGIN PUBLIC KEY')) return undefined
  try {
    const key = createPublicKey(pem)
    return isEd25519(key) ? key : undefined
  } catch {
    return undefined
  }
}

const isEd25519 = (key: KeyObject) => key.asymmetricKeyType === 'ed25519'
