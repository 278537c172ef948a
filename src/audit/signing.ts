import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../foundation/config.ts'
import { readPrivateKey } from '../foundation/ed25519.ts'

/** So that a signature of ours can never pass for one about something else. */
const subject = 'keywarden audit checkpoint\n'

/** Signs what stands in a checkpoint. Base64. */
export const signText = (text: string, key: KeyObject): string =>
  sign(null, Buffer.from(subject + text), key).toString('base64')

export const isSigned = (text: string, signature: string, publicKey: KeyObject): boolean =>
  verify(null, Buffer.from(subject + text), publicKey, Buffer.from(signature, 'base64'))

/** The first 16 hex digits of the SHA-256 of a public key: which key it was, not a proof. */
export const publicKeyFingerprint = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)

/** The public half as PEM, to be kept where checkpoints are verified. */
export const publicPem = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()

/**
 * The key that signs checkpoints: from configuration, else from its file, which is made at first use and readable
 * by its owner alone.
 * @throws when the file holds something else or cannot be made
 */
export async function signingKey(audit: Config['audit']): Promise<KeyObject> {
  const found = await existingKey(audit)
  if (found) return found
  if (!audit.keyFile)
    throw new SigningError(
      'There is no key that signs checkpoints. Set KEYWARDEN_AUDIT_CHECKPOINTS to a file.',
    )
  await makeKey(audit.keyFile)
  return (await existingKey(audit))!
}

/** The same, or undefined where none was made yet. @throws when the file holds something else */
export async function existingKey({ key, keyFile }: Config['audit']): Promise<KeyObject | undefined> {
  if (key) return readPrivateKey(key)
  if (!keyFile) return undefined
  const text = await readFile(keyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const read = readPrivateKey(text)
  if (!read)
    throw new SigningError(
      `${keyFile} holds no Ed25519 private key. Name another file with KEYWARDEN_AUDIT_KEY_FILE.`,
    )
  return read
}

/** Thrown when nothing can be signed; the message says what to do. */
export class SigningError extends Error {
  override name = 'SigningError'
}

async function makeKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const { privateKey } = generateKeyPairSync('ed25519')
  // It gets its name only once it is whole: another process that makes one must not read half of it.
  const folder = await mkdtemp(join(dirname(path), '.new-key-'))
  try {
    const draft = join(folder, 'key.pem')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await writeFile(draft, pem, { mode: 0o600, flush: true })
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}
