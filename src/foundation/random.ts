import { randomBytes } from 'node:crypto'

/** Bytes from a cryptographically secure source; injected so that tests can be exact. */
export type Random = (bytes: number) => Uint8Array

export const systemRandom: Random = (bytes) => randomBytes(bytes)
