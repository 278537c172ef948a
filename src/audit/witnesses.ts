import type { KeyObject } from 'node:crypto'
import { linesIn } from '../foundation/lines.ts'
import { readCheckpoints } from './checkpoint-file.ts'

/** Hashes that something outside the chains vouches for: by workspace, then by number. */
export type Witnesses = Map<string, Map<number, { hash: string; by: string }>>

/** The hashes that checkpoint files vouch for, and the errors in them. */
export type Vouching = {
  witnesses: Witnesses
  count: number
  newest: Date | undefined
  /** lines that a crash cut short: no evidence, and no lie either */
  torn: { path: string; line: number }[]
  forged: { path: string; line: number; why: string }[]
}

/** The name of a pasted checkpoint, in the place of a file's. */
const pastedName = 'what was pasted'

/** Reads checkpoint files, and checkpoints pasted as text, into witnesses. @throws an error of the file system */
export async function readWitnesses(
  paths: readonly string[],
  publicKeys: readonly KeyObject[],
  pasted: readonly string[] = [],
): Promise<Vouching> {
  const vouching: Vouching = { witnesses: new Map(), count: 0, newest: undefined, torn: [], forged: [] }
  const sources = [
    ...paths.map((path) => ({ path, lines: linesIn(path) })),
    { path: pastedName, lines: pasted },
  ]
  for (const { path, lines } of sources)
    for await (const read of readCheckpoints(lines, publicKeys)) {
      const { line } = read
      if ('torn' in read) vouching.torn.push({ path, line })
      else if ('forged' in read) vouching.forged.push({ path, line, why: read.forged })
      else {
        const { at, heads } = read.checkpoint
        vouching.count++
        if (!vouching.newest || at > vouching.newest) vouching.newest = at
        const by = `the checkpoint of ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
        for (const { workspace, seq, hash } of heads) {
          const contradicted = vouch(vouching.witnesses, workspace, seq, { hash, by })
          if (contradicted) vouching.forged.push({ path, line, why: contradicted })
        }
      }
    }
  return vouching
}

function vouch(
  witnesses: Witnesses,
  workspace: string,
  seq: number,
  witness: { hash: string; by: string },
): string | undefined {
  const chain = witnesses.get(workspace) ?? new Map()
  witnesses.set(workspace, chain)
  const earlier = chain.get(seq)
  if (!earlier) chain.set(seq, witness)
  return earlier && earlier.hash !== witness.hash
    ? `it contradicts ${earlier.by} about event ${seq} of ${workspace}`
    : undefined
}
