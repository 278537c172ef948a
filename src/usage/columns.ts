import type { Cell } from './counter.ts'

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
