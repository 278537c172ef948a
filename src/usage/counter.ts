import { Activities, type Activity, type Told } from './activity.ts'
import { Origins } from './origin.ts'

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

/** One request of a key: what for, and where it came from if that is known. */
export type Counted = { endpoint: string; ip?: string | undefined; userAgent?: string | undefined }

type Kept = Cell & { activity: Activity }
type Cells = Map<string, Map<string, Kept>[]>

/** What was counted since the last call, sorted by key, and when the last of it was counted. */
export type Taken = Told & { cells: Cell[]; lastMs: number }

/**
 * Counts requests in memory, exactly. At most `capacity` cells are kept apart; beyond that a key's further endpoints
 * go under `other` and its buckets under the day, but never its total under another key.
 */
export class Counter {
  readonly #capacity: number
  readonly #origins = new Origins()
  readonly #activities = new Activities()
  #buckets = new Map<number, Cells>()
  #bucket = -1
  #cells: Cells = new Map()
  #size = 0
  #lastMs = 0

  constructor(capacity = 500_000) {
    this.#capacity = capacity
  }

  /** Counts one request under the code of its verdict. A key that is in use costs one look-up. */
  count(keyId: string, { endpoint, ip, userAgent }: Counted, code: string, nowMs: number): void {
    const bucket = Math.floor(nowMs / bucketMs)
    if (bucket !== this.#bucket) this.#turnTo(bucket)
    if (nowMs > this.#lastMs) this.#lastMs = nowMs
    const cell = this.#cellOf(keyId, endpoint, code === 'VALID' ? 2 : 4)
    cell.requests++
    const network = this.#origins.network(ip)
    const client = this.#origins.client(userAgent)
    this.#activities.note(cell.activity, { atMs: nowMs, endpoint, code, network, client })
  }

  /** Remembers a request that somebody else counted among the last ones of its key. */
  remember(keyId: string, { endpoint, ip, userAgent }: Counted, code: string, atMs: number): void {
    const network = this.#origins.network(ip)
    const client = this.#origins.client(userAgent)
    this.#activities.remember(keyId, { atMs, endpoint, code, network, client })
  }

  #turnTo(bucket: number): void {
    this.#bucket = bucket
    this.#cells = cellsOf(this.#buckets, bucket)
  }

  #cellOf(keyId: string, endpoint: string, statusClass: StatusClass): Kept {
    const byKey = keysOf(this.#cells, endpoint, statusClass)
    const cell = byKey.get(keyId)
    if (cell) return cell
    if (this.#size >= this.#capacity) return this.#roughCellOf(keyId, statusClass)
    this.#size++
    return this.#begin(byKey, { keyId, endpoint, statusClass, bucket: this.#bucket, requests: 0 })
  }

  #roughCellOf(keyId: string, statusClass: StatusClass): Kept {
    const day = this.#bucket - (this.#bucket % bucketsPerDay)
    const byKey = keysOf(cellsOf(this.#buckets, day), otherEndpoint, statusClass)
    const rough = { keyId, endpoint: otherEndpoint, statusClass, bucket: day, requests: 0 }
    return byKey.get(keyId) ?? this.#begin(byKey, rough)
  }

  #begin(byKey: Map<string, Kept>, cell: Cell): Kept {
    const kept = { ...cell, activity: this.#activities.of(cell.keyId) }
    byKey.set(cell.keyId, kept)
    return kept
  }

  /** How many sources wait to be told of. */
  get sources(): number {
    return this.#activities.sources
  }

  /**
   * Takes everything counted since the last call, with all sources or none, and the last requests of at most so many
   * keys. Cells know where their key's activity stands, so both are taken at the same moment.
   */
  take(withSources: boolean, recentKeys: number): Taken {
    const buckets = this.#buckets
    this.#buckets = new Map()
    this.#bucket = -1
    this.#size = 0
    const cells: Cell[] = []
    for (const endpoints of buckets.values())
      for (const classes of endpoints.values())
        for (const byKey of classes) if (byKey) cells.push(...byKey.values())
    cells.sort(inOrder)
    return { cells, lastMs: this.#lastMs, ...this.#activities.take(withSources, recentKeys) }
  }
}

/** The one order in which rows are counted up, so that two who count the same never wait for each other in a circle. */
export function inOrder(a: Cell, b: Cell): number {
  if (a.keyId !== b.keyId) return a.keyId < b.keyId ? -1 : 1
  if (a.bucket !== b.bucket) return a.bucket - b.bucket
  if (a.endpoint !== b.endpoint) return a.endpoint < b.endpoint ? -1 : 1
  return a.statusClass - b.statusClass
}

function cellsOf(buckets: Map<number, Cells>, bucket: number): Cells {
  const cells = buckets.get(bucket) ?? new Map()
  buckets.set(bucket, cells)
  return cells
}

function keysOf(cells: Cells, endpoint: string, statusClass: StatusClass): Map<string, Kept> {
  let classes = cells.get(endpoint)
  if (!classes) {
    classes = []
    cells.set(endpoint, classes)
  }
  classes[statusClass] ??= new Map()
  return classes[statusClass]
}
