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
const bucketsPerDay = 288

/** What endpoints are called that no route names, and those beyond what is kept apart. */
export const otherEndpoint = 'other'

type Cells = Map<string, Map<string, number>[]>

/**
 * Counts requests in memory, exactly. At most `capacity` cells are kept apart; beyond that a key's further endpoints
 * go under `other` and its buckets under the day, but never its total under another key.
 */
export class Counter {
  readonly #capacity: number
  #buckets = new Map<number, Cells>()
  #bucket = -1
  #cells: Cells = new Map()
  #size = 0
  #lastMs = 0

  constructor(capacity = 500_000) {
    this.#capacity = capacity
  }

  count(keyId: string, endpoint: string, statusClass: StatusClass, nowMs: number): void {
    const bucket = Math.floor(nowMs / bucketMs)
    if (bucket !== this.#bucket) this.#turnTo(bucket)
    if (nowMs > this.#lastMs) this.#lastMs = nowMs
    const byKey = keysOf(this.#cells, endpoint, statusClass)
    const before = byKey.get(keyId)
    if (before !== undefined) byKey.set(keyId, before + 1)
    else if (this.#size < this.#capacity) {
      this.#size++
      byKey.set(keyId, 1)
    } else this.#countRoughly(keyId, statusClass, bucket - (bucket % bucketsPerDay))
  }

  #turnTo(bucket: number): void {
    this.#bucket = bucket
    this.#cells = cellsOf(this.#buckets, bucket)
  }

  #countRoughly(keyId: string, statusClass: StatusClass, day: number): void {
    const byKey = keysOf(cellsOf(this.#buckets, day), otherEndpoint, statusClass)
    byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1)
  }

  /** Everything counted since the last call, sorted by key, and when the last of it was counted. */
  take(): { cells: Cell[]; lastMs: number } {
    const buckets = this.#buckets
    this.#buckets = new Map()
    this.#bucket = -1
    this.#size = 0
    const cells: Cell[] = []
    for (const [bucket, endpoints] of buckets)
      for (const [endpoint, classes] of endpoints)
        classes.forEach((byKey, statusClass) => {
          for (const [keyId, requests] of byKey)
            cells.push({ keyId, endpoint, statusClass: statusClass as StatusClass, bucket, requests })
        })
    cells.sort(byKeyId)
    return { cells, lastMs: this.#lastMs }
  }
}

const byKeyId = (a: Cell, b: Cell) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0)

function cellsOf(buckets: Map<number, Cells>, bucket: number): Cells {
  const cells = buckets.get(bucket) ?? new Map()
  buckets.set(bucket, cells)
  return cells
}

function keysOf(cells: Cells, endpoint: string, statusClass: StatusClass): Map<string, number> {
  let classes = cells.get(endpoint)
  if (!classes) {
    classes = []
    cells.set(endpoint, classes)
  }
  classes[statusClass] ??= new Map()
  return classes[statusClass]
}
