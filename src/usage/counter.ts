import { hourMs } from '../foundation/time.ts'
import { AdmittedSources, addSource, isSameSource, type SourceCount, sourcesInOrder } from './admitted.ts'
import { addCell, bucketMs, type Cell, inOrder, isSameCell, otherEndpoint, type StatusClass } from './cell.ts'
import { mergeByKey } from './merge-by-key.ts'
import { Origins, otherOrigin } from './origin.ts'
import { recentPerKey, type TimedRequest } from './recent.ts'
import { addToRing, latestFirst, type Ring, ringOf } from './ring.ts'

/** One request of a key: what for, and where it came from if that is known. */
export type Counted = { endpoint: string; ip?: string | undefined; userAgent?: string | undefined }

/** A key as a counter sees it: its tally is kept beside the remembered key, which saves a look-up. */
export type Countable = { readonly id: string; tally?: Tally | undefined }

/** The counts of one key that are not flushed yet. Each part is there when there is something in it. */
type Tally = {
  readonly key: Countable
  cells: Cell[] | undefined
  sources: SourceCount[] | undefined
  recent: Ring | undefined
}

/** How many keys have counts to flush: of requests, of sources, and of last requests. */
export type Extent = { cells: number; sources: number; recent: number }

/** The drained counts, sorted by key, and when the last of them was counted. */
export type Drained = {
  cells: Cell[]
  lastMs: number
  sources: { keyId: string; counts: SourceCount[] }[]
  /** a key's requests, the latest first */
  recent: { keyId: string; noted: TimedRequest[] }[]
}

const bucketsPerDay = 288
/** Of one key between two flushes. */
const cellsPerKey = 64
const sourcesPerKey = 64
const sourcesHeld = 200_000
/** Requests remembered over all keys; beyond half of it a key keeps its last few. */
const notedHeld = 50_000
const fewNoted = 10

/**
 * Counts requests in memory, exactly. At most `capacity` cells are kept apart; beyond that a key's further endpoints
 * go under `other` and its buckets under the day, but never its total under another key. Where its requests come
 * from and what the last ones were is bounded the same way.
 */
export class Counter {
  readonly #capacity: number
  readonly #origins = new Origins()
  readonly #admitted = new AdmittedSources()
  // Tallies that have such a part, the longest waiting first.
  readonly #withCells: Tally[] = []
  readonly #withSources: Tally[] = []
  readonly #withRecent: Tally[] = []
  /** of keys that others counted; they are not remembered here */
  readonly #reported = new Map<string, Tally>()
  #cells = 0
  #sources = 0
  #noted = 0
  #lastMs = 0

  constructor(capacity = 500_000) {
    this.#capacity = capacity
  }

  /** Counts one request under the code of its verdict. */
  count(key: Countable, { endpoint, ip, userAgent }: Counted, code: string, nowMs: number): void {
    if (nowMs > this.#lastMs) this.#lastMs = nowMs
    const tally = key.tally ?? tallyOf(key)
    this.#cellOf(tally, endpoint, code === 'VALID' ? 2 : 4, Math.floor(nowMs / bucketMs)).requests++
    const network = this.#origins.network(ip)
    const client = this.#origins.client(userAgent)
    const source = this.#sourceOf(tally, Math.floor(nowMs / hourMs), network, client)
    source.requests++
    if (code !== 'VALID') source.refused++
    if (code === 'INSUFFICIENT_SCOPE') source.refusedScope++
    if (nowMs > source.lastMs) source.lastMs = nowMs
    this.#remember(tally, { atMs: nowMs, endpoint, code, network, client })
  }

  /** Adds a request that somebody else counted to the last ones of its key. */
  remember(keyId: string, { endpoint, ip, userAgent }: Counted, code: string, atMs: number): void {
    const tally = this.#reported.get(keyId) ?? tallyOf({ id: keyId })
    const network = this.#origins.network(ip)
    const client = this.#origins.client(userAgent)
    this.#remember(tally, { atMs, endpoint, code, network, client })
    if (tally.recent) this.#reported.set(keyId, tally)
  }

  #cellOf(tally: Tally, endpoint: string, statusClass: StatusClass, bucket: number): Cell {
    const { cells } = tally
    if (cells) {
      for (const cell of cells)
        if (cell.endpoint === endpoint && cell.statusClass === statusClass && cell.bucket === bucket)
          return cell
    } else this.#withCells.push(tally)
    const day = bucket - (bucket % bucketsPerDay)
    const isRough = endpoint === otherEndpoint && bucket === day
    const isApart = isRough || (this.#cells < this.#capacity && (cells?.length ?? 0) < cellsPerKey)
    if (!isApart) {
      tally.cells ??= []
      return this.#cellOf(tally, otherEndpoint, statusClass, day)
    }
    const cell: Cell = { keyId: tally.key.id, endpoint, statusClass, bucket, requests: 0 }
    // Most keys have one, and a list that grows is given room for many.
    if (tally.cells) tally.cells.push(cell)
    else tally.cells = [cell]
    this.#cells++
    return cell
  }

  #sourceOf(tally: Tally, hour: number, network: string, client: string): SourceCount {
    const { sources } = tally
    if (sources) {
      for (const source of sources)
        if (source.client === client && source.network === network && source.hour === hour) return source
    } else this.#withSources.push(tally)
    const isApart =
      network === otherOrigin || ((sources?.length ?? 0) < sourcesPerKey && this.#sources < sourcesHeld)
    if (!isApart) {
      tally.sources ??= []
      return this.#sourceOf(tally, hour, otherOrigin, otherOrigin)
    }
    const source = { hour, network, client, requests: 0, refused: 0, refusedScope: 0, lastMs: longAgo }
    if (tally.sources) tally.sources.push(source)
    else tally.sources = [source]
    this.#sources++
    return source
  }

  #remember(tally: Tally, noted: TimedRequest): void {
    const isRoom = this.#noted < notedHeld
    if (!tally.recent) {
      if (!isRoom) return
      tally.recent = ringOf(noted)
      this.#withRecent.push(tally)
      this.#noted++
      return
    }
    const mayGrow = isRoom && (this.#noted < notedHeld / 2 || tally.recent.times.length < fewNoted)
    if (addToRing(tally.recent, noted, mayGrow)) this.#noted++
  }

  /** How many keys have counts of each kind. */
  get waiting(): Extent {
    return {
      cells: this.#withCells.length,
      sources: this.#withSources.length,
      recent: this.#withRecent.length,
    }
  }

  /** Drains the counts of at most so many keys, those that wait the longest first. */
  drain(keys: Extent): Drained {
    return {
      cells: this.#drainCells(keys.cells),
      sources: this.#drainSources(keys.sources),
      recent: this.#drainRecent(keys.recent),
      lastMs: this.#lastMs,
    }
  }

  #drainCells(max: number): Cell[] {
    const tallies = this.#withCells.splice(0, max)
    const merged = mergeByKey(tallies, (tally) => tally.cells ?? [], isSameCell, addCell)
    for (const tally of tallies) {
      this.#cells -= tally.cells!.length
      tally.cells = undefined
      dropIfEmpty(tally)
    }
    return merged.flatMap(({ parts }) => (parts.length > 1 ? parts.sort(inOrder) : parts))
  }

  #drainSources(max: number): Drained['sources'] {
    const tallies = this.#withSources.splice(0, max)
    const merged = mergeByKey(tallies, (tally) => tally.sources ?? [], isSameSource, addSource)
    for (const tally of tallies) {
      this.#sources -= tally.sources!.length
      tally.sources = undefined
      dropIfEmpty(tally)
    }
    return merged.map(({ keyId, parts }) => ({
      keyId,
      counts: this.#admitted.merge(keyId, parts).sort(sourcesInOrder),
    }))
  }

  #drainRecent(max: number): Drained['recent'] {
    const tallies = this.#withRecent.splice(0, max)
    const merged = mergeByKey(
      tallies,
      (tally) => latestFirst(tally.recent!),
      neverSame,
      () => {},
    )
    for (const tally of tallies) {
      this.#noted -= tally.recent!.times.length
      tally.recent = undefined
      if (this.#reported.get(tally.key.id) === tally) this.#reported.delete(tally.key.id)
      dropIfEmpty(tally)
    }
    return merged.map(({ keyId, parts }) => ({
      keyId,
      noted: parts.sort((a, b) => b.atMs - a.atMs).slice(0, recentPerKey),
    }))
  }
}

function tallyOf(key: Countable): Tally {
  key.tally ??= { key, cells: undefined, sources: undefined, recent: undefined }
  return key.tally
}

/** Drops an empty tally: many keys are remembered, and few are in use. */
function dropIfEmpty(tally: Tally): void {
  if (!tally.cells && !tally.sources && !tally.recent && tally.key.tally === tally)
    tally.key.tally = undefined
}

const longAgo = Number.NEGATIVE_INFINITY

const neverSame = () => false
