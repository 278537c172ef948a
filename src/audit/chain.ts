import { createHash } from 'node:crypto'

/** One event as the chain holds it: the exact text that was hashed, and the hash of the event before. Hex. */
export type Link = { workspace: string; seq: number; previousHash: string; hash: string; body: string }

/** The previous hash of the first event of a chain. */
export const beginning = '0'.repeat(64)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The digest of an event's text, which stands for it where the event itself is left out. */
const digestOf = (body: string): string => sha256(body)

/** SHA-256 over workspace, number, previous hash and the digest of the text; `audit_append` computes the same. */
export const hashOfDigest = (workspace: string, seq: number, previousHash: string, digest: string): string =>
  sha256(`2\n${workspace}\n${seq}\n${previousHash}\n${digest}`)

export const hashOf = ({ workspace, seq, previousHash, body }: Omit<Link, 'hash'>): string =>
  hashOfDigest(workspace, seq, previousHash, digestOf(body))

/** Whether the hash is the event's: as it is computed now, or as it was before texts had a digest. */
export const hasItsHash = (link: Link): boolean => {
  const { workspace, seq, previousHash, body, hash } = link
  return hash === hashOf(link) || hash === sha256(`${workspace}\n${seq}\n${previousHash}\n${body}`)
}

/** Events that a partial export leaves out, in their order from `seq` on: their digests, so that hashes lead past them. */
export type LeftOut = { workspace: string; seq: number; digests: readonly string[] }

/** A link with what its surroundings say of it: its line in a file, and columns that contradict its text. */
export type Entry = Link & { line?: number; contradiction?: string }
