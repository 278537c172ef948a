/** How a request ended: the hundreds of its HTTP status. A verify that let it through counts as 2. */
export type StatusClass = 1 | 2 | 3 | 4 | 5

/** One cell of what was counted. `bucket` counts five-minute steps since 1970. */
export type Cell = {
  keyId: string
  endpoint: string
  statusClass: StatusClass
  bucket: number
  requests: number
}

export const bucketMs = 300_000

/** The name for endpoints that no route names, and for those beyond the bound. */
export const otherEndpoint = 'other'

/** The one order in which rows are counted up, so that two writers of the same rows never deadlock. */
export function inOrder(a: Cell, b: Cell): number {
  if (a.keyId !== b.keyId) return a.keyId < b.keyId ? -1 : 1
  if (a.bucket !== b.bucket) return a.bucket - b.bucket
  if (a.endpoint !== b.endpoint) return a.endpoint < b.endpoint ? -1 : 1
  return a.statusClass - b.statusClass
}

export const isSameCell = (a: Cell, b: Cell) =>
  a.endpoint === b.endpoint && a.statusClass === b.statusClass && a.bucket === b.bucket

export const addCell = (into: Cell, from: Cell) => {
  into.requests += from.requests
}
