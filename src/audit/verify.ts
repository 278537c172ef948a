import type { EvidenceHead } from './evidence-file.ts'
import { ChainInspector, type Inspection } from './inspect.ts'
import { type Damage, type Read, readExport } from './read-export.ts'
import type { Witnesses } from './witnesses.ts'

export type Verification = {
  chains: Inspection[]
  damages: Damage[]
  /** there were so many breaks that the rest was not inspected */
  gaveUp: boolean
  /** events may have been left out on purpose */
  partial: boolean
  /** whose sample the file is evidence of */
  evidence?: EvidenceHead
}

export type VerifyOptions = {
  witnesses: Witnesses
  /** events may be left out on purpose */
  partial: boolean
  /** the workspaces that are asked about; else all that the events or the witnesses know */
  workspaces?: readonly string[] | undefined
}

/**
 * `intact`: nothing is wrong, and something outside the chains vouches for every event. `unbroken`: nothing is wrong
 * with whole chains, whose newest events or all are vouched for by nobody. `unproven`: the same of a part of a chain,
 * in which such an event may have been changed by anybody. `broken`: something is wrong, or there are no events.
 */
export type ChainVerdict = 'intact' | 'unbroken' | 'unproven' | 'broken'

export function verdictOf({ chains, damages, partial }: Verification): ChainVerdict {
  const isSound = damages.length === 0 && chains.every(({ breaks }) => breaks.length === 0)
  if (!isSound || chains.every(({ events }) => events === 0)) return 'broken'
  if (chains.every(({ events, proven }) => proven === events)) return 'intact'
  return partial ? 'unproven' : 'unbroken'
}

/** Whether nothing is wrong with whole chains, or every event of a part of them is proven. */
export const isIntact = (verification: Verification): boolean =>
  ['intact', 'unbroken'].includes(verdictOf(verification))

/** Verifies an export, without a database. @throws NotAnExport, or what the file system says */
export const verifyFile = (path: string, options: VerifyOptions): Promise<Verification> =>
  verifyEntries(readExport(path), options)

/** Verifies events from anywhere, each chain in the order its events come. */
export async function verifyEntries(
  entries: AsyncIterable<Read>,
  { witnesses, partial: saysPartial, workspaces }: VerifyOptions,
): Promise<Verification> {
  let partial = saysPartial
  let evidence: EvidenceHead | undefined
  const inspectors = new Map<string, ChainInspector>()
  const inspectorOf = (id: string) => {
    const inspector = inspectors.get(id) ?? new ChainInspector(id, witnesses.get(id) ?? new Map(), partial)
    inspectors.set(id, inspector)
    return inspector
  }
  const damages: Damage[] = []
  let gaveUp = false
  for await (const entry of entries) {
    if ('damaged' in entry) damages.push(entry)
    else if ('evidence' in entry) {
      // It holds the events of its sample alone.
      partial = true
      evidence = entry.evidence
    } else if (workspaces && !workspaces.includes(entry.workspace)) continue
    else if ('digests' in entry) inspectorOf(entry.workspace).leaveOut(entry)
    else gaveUp = !inspectorOf(entry.workspace).add(entry)
    gaveUp ||= damages.length >= 1_000
    if (gaveUp) break
  }
  // A chain that was vouched for and is not there at all was cut off from its first event on.
  if (!partial && !gaveUp) for (const id of workspaces ?? witnesses.keys()) inspectorOf(id)
  const chains = [...inspectors.values()].map((inspector) => inspector.end())
  return { chains, damages, gaveUp, partial, ...(evidence ? { evidence } : {}) }
}
