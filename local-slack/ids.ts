import { randomBytes, randomInt } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** An id as Slack writes them: a capital for the kind, then ten capitals and digits. */
export function newId(kind: string): string {
  return kind + Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** Block and action ids that the app left out get a short random one. */
export function newShortId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5)
}

export function newSecret(bytes = 16): string {
  return randomBytes(bytes).toString('hex')
}

/** A view's hash: new with each version of the view, and never the same twice. */
export function newViewHash(): string {
  return `${Math.floor(Date.now() / 1000)}.${randomBytes(6).toString('base64url')}`
}
