import type { Cell } from './cell.ts'
import type { Drained } from './counter.ts'
import { entryOf } from './recent.ts'

/** Cells as the arrays that the database's functions take; an endpoint is its index in `names`, from 1. */
export function columnsOf(cells: readonly Cell[]) {
  const indexes = new Map<string, number>()
  const indexOf = (name: string) => {
    const index = indexes.get(name) ?? indexes.size + 1
    indexes.set(name, index)
    return index
  }
  const endpoints = cells.map((cell) => indexOf(cell.endpoint))
  return {
    names: texts([...indexes.keys()]),
    endpoints: numbers(endpoints),
    classes: numbers(cells.map((cell) => cell.statusClass)),
    buckets: numbers(cells.map((cell) => cell.bucket)),
    keys: texts(cells.map((cell) => cell.keyId)),
    counts: numbers(cells.map((cell) => cell.requests)),
  }
}

/** Sources as the arrays that the database's functions take, in their order. */
export function sourceColumns(sources: Drained['sources']): string[] {
  const counts = sources.flatMap((source) => source.counts)
  return [
    texts(sources.flatMap(({ keyId, counts }) => counts.map(() => keyId))),
    numbers(counts.map((source) => source.hour)),
    texts(counts.map((source) => source.network)),
    texts(counts.map((source) => source.client)),
    numbers(counts.map((source) => source.requests)),
    numbers(counts.map((source) => source.refused)),
    numbers(counts.map((source) => source.refusedScope)),
    numbers(counts.map((source) => source.lastMs)),
  ]
}

/** Keys, and for each its last requests in one text. */
export const recentColumns = (recent: Drained['recent']): string[] => [
  texts(recent.map(({ keyId }) => keyId)),
  texts(recent.map(({ noted }) => noted.map(entryOf).join('\n'))),
]

// Arrays as Postgres writes them (its manual, 8.15.6). The driver's own way costs as much as the counting.
const numbers = (values: readonly number[]): string => `{${values.join()}}`

function texts(values: readonly string[]): string {
  if (values.length === 0) return '{}'
  const safe = /["\\]/.test(values.join('')) ? values.map((value) => value.replace(/["\\]/g, '\\$&')) : values
  return `{"${safe.join('","')}"}`
}
