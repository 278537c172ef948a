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

/** What endpoints are called that no route names, and those beyond what is kept apart. */
export const otherEndpoint = 'other'

/** The one order in which rows are counted up, so that two who count the same never wait for each other in a circle. */
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
