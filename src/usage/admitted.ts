import { Generations } from '../foundation/generations.ts'
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
  readonly #keys = new Generations<{ hour: number; names: string[] }>(keysRemembered)

  /** The same requests; those of sources beyond the bound go under `other`. */
  fold(keyId: string, sources: readonly SourceCount[]): SourceCount[] {
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
  const { hour, requests, refused, refusedScope, lastMs } = source
  const others = folded.find((one) => one.network === otherOrigin && one.hour === hour)
  if (!others) {
    folded.push({ ...source, network: otherOrigin, client: otherOrigin })
    return
  }
  others.requests += requests
  others.refused += refused
  others.refusedScope += refusedScope
  others.lastMs = Math.max(others.lastMs, lastMs)
}
