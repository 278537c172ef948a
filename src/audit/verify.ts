import type { Entry } from './chain.ts'
import { ChainInspector, type Inspection } from './inspect.ts'
import { type Damage, readExport } from './read-export.ts'
import type { Witnesses } from './witnesses.ts'

export type Verification = {
  chains: Inspection[]
  damages: Damage[]
  /** there were so many breaks that the rest was not looked at */
  gaveUp: boolean
}

export type VerifyOptions = {
  witnesses: Witnesses
  /** events may be left out on purpose */
  partial: boolean
  /** the workspaces that are asked about; else all that the events or the witnesses know */
  workspaces?: readonly string[] | undefined
}

export const isIntact = ({ chains, damages }: Verification): boolean =>
  damages.length === 0 &&
  chains.some(({ events }) => events > 0) &&
  chains.every(({ breaks }) => breaks.length === 0)

/** Verifies an export, without a database. @throws NotAnExport, or what the file system says */
export const verifyFile = (path: string, options: VerifyOptions): Promise<Verification> =>
  verifyEntries(readExport(path), options)

/** Verifies events from anywhere, each chain in the order its events come. */
export async function verifyEntries(
  entries: AsyncIterable<Entry | Damage>,
  { witnesses, partial, workspaces }: VerifyOptions,
): Promise<Verification> {
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
    else if (!workspaces || workspaces.includes(entry.workspace))
      gaveUp = !inspectorOf(entry.workspace).take(entry)
    gaveUp ||= damages.length >= 1_000
    if (gaveUp) break
  }
  // A chain that was vouched for and is not there at all was cut off from its first event on.
  if (!partial && !gaveUp) for (const id of workspaces ?? witnesses.keys()) inspectorOf(id)
  return { chains: [...inspectors.values()].map((inspector) => inspector.end()), damages, gaveUp }
}
