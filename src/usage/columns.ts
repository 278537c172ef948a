import type { Told } from './activity.ts'
import type { Cell } from './counter.ts'
import { entryOf } from './recent.ts'

/** Cells as the arrays that the database's functions take; an endpoint is its place in `names`, from 1. */
export function columnsOf(cells: readonly Cell[]) {
  const places = new Map<string, number>()
  const placeOf = (name: string) => {
    const place = places.get(name) ?? places.size + 1
    places.set(name, place)
    return place
  }
  const endpoints = cells.map((cell) => placeOf(cell.endpoint))
  return {
    names: [...places.keys()],
    endpoints,
    classes: cells.map((cell) => cell.statusClass),
    buckets: cells.map((cell) => cell.bucket),
    keys: cells.map((cell) => cell.keyId),
    counts: cells.map((cell) => cell.requests),
  }
}

/** Sources as the arrays that the database's functions take, in their order. */
export const sourceColumns = (sources: Told['sources']): unknown[][] => [
  sources.map((source) => source.keyId),
  sources.map((source) => source.hour),
  sources.map((source) => source.network),
  sources.map((source) => source.client),
  sources.map((source) => source.requests),
  sources.map((source) => source.refused),
  sources.map((source) => source.refusedScope),
  sources.map((source) => source.lastMs),
]

/** Keys, and for each its last requests in one text. */
export const recentColumns = (recent: Told['recent']): string[][] => [
  recent.map(({ keyId }) => keyId),
  recent.map(({ noted }) => noted.map(entryOf).join('\n')),
]
