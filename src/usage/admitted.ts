import { SecondChance } from '../foundation/second-chance.ts'
import { otherOrigin } from './origin.ts'

/** How often one key was asked about from one network by one client in one hour (counted in hours since 1970). */
export type SourceCount = {
  hour: number
  network: string
  client: string
  requests: number
  refused: number
  refusedScope: number
  lastMs: number
}

const perKeyAndHour = 64
const keysRemembered = 50_000

/**
 * Which sources of a key are kept apart in this hour, so that a key which is used from a thousand networks writes a
 * few rows. The bound is this process's own, and a key that is forgotten here starts again.
 */
export class AdmittedSources {
  readonly #keys = new SecondChance<{ hour: number; names: string[] }>(keysRemembered)

  /** The same requests; those of sources beyond the bound go under `other`. */
  merge(keyId: string, sources: readonly SourceCount[]): SourceCount[] {
    const folded: SourceCount[] = []
    for (const source of sources)
      if (source.network === otherOrigin || !this.#admits(keyId, source)) addToOthers(folded, source)
      else folded.push(source)
    return folded
  }

  #admits(keyId: string, { hour, network, client }: SourceCount): boolean {
    const name = `${network} ${client}`
    const known = this.#keys.get(keyId)
    if (known?.hour !== hour) this.#keys.set(keyId, { hour, names: [name] })
    else if (!known.names.includes(name)) {
      if (known.names.length >= perKeyAndHour) return false
      known.names.push(name)
    }
    return true
  }
}

function addToOthers(folded: SourceCount[], source: SourceCount): void {
  const others = folded.find((one) => one.network === otherOrigin && one.hour === source.hour)
  if (others) addSource(others, source)
  else folded.push({ ...source, network: otherOrigin, client: otherOrigin })
}

export const isSameSource = (a: SourceCount, b: SourceCount): boolean =>
  a.client === b.client && a.network === b.network && a.hour === b.hour

export function addSource(into: SourceCount, from: SourceCount): void {
  into.requests += from.requests
  into.refused += from.refused
  into.refusedScope += from.refusedScope
  into.lastMs = Math.max(into.lastMs, from.lastMs)
}

/** The one order in which sources of a key are written. */
export function sourcesInOrder(a: SourceCount, b: SourceCount): number {
  if (a.hour !== b.hour) return a.hour - b.hour
  if (a.network !== b.network) return a.network < b.network ? -1 : 1
  return a.client < b.client ? -1 : a.client > b.client ? 1 : 0
}
