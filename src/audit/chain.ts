import { createHash } from 'node:crypto'

/** One event as the chain holds it: the exact text that was hashed, and the hash of the event before. Hex. */
export type Link = { workspace: string; seq: number; previousHash: string; hash: string; body: string }

/** The previous hash of the first event of a chain. */
export const beginning = '0'.repeat(64)

/** SHA-256 over workspace, number, previous hash and text, a line each; `audit_append` computes the same. */
export const hashOf = ({ workspace, seq, previousHash, body }: Omit<Link, 'hash'>): string =>
  createHash('sha256').update(`${workspace}\n${seq}\n${previousHash}\n${body}`).digest('hex')

/** A link with what its surroundings say of it: its line in a file, and columns that contradict its text. */
export type Entry = Link & { line?: number; contradiction?: string }
