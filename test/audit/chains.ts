import { beginning, hashOf, type Link } from '../../src/audit/chain.ts'
import { ChainInspector, type Inspection, type Vouched } from '../../src/audit/inspect.ts'

const workspace = 'ws_1'

/** A chain of those texts, as `audit_append` would have written it. */
export function chainOf(bodies: readonly string[]): Link[] {
  const links: Link[] = []
  for (const body of bodies) {
    const open = { workspace, seq: links.length + 1, previousHash: links.at(-1)?.hash ?? beginning, body }
    links.push({ ...open, hash: hashOf(open) })
  }
  return links
}

export function inspect(
  links: readonly Link[],
  options: { vouched?: Vouched; partial?: boolean } = {},
): Inspection {
  const inspector = new ChainInspector(workspace, options.vouched ?? new Map(), options.partial ?? false)
  for (const link of links) if (!inspector.add(link)) break
  return inspector.end()
}

export const five = chainOf(['a', 'b', 'c', 'd', 'e'])
export const pick = (...seqs: number[]) => seqs.map((seq) => five[seq - 1]!)
export const rehashed = (link: Link) => ({ ...link, hash: hashOf(link) })
export const vouchedAt = (...links: Link[]): Vouched =>
  new Map(links.map(({ seq, hash }) => [seq, { hash, by: 'the checkpoint' }]))

export const replaceAt = (links: Link[], i: number, link: Link) =>
  links.map((other, k) => (k === i ? link : other))
