import type { Clock } from '../foundation/clock.ts'
import { openLane } from '../foundation/lane.ts'
import type { Log } from '../foundation/log.ts'
import { columnsOf, recentColumns, sourceColumns } from './columns.ts'
import type { Counter, Extent } from './counter.ts'

const everyMs = 1_000
/** What one batch holds at most, so that no request waits behind the writing of all of them. */
const smallBatch: Extent = { cells: 1_000, sources: 250, recent: 16 }
/** When everything has to be told, nobody waits but whoever stops this process. */
const largeBatch: Extent = { cells: 10_000, sources: 5_000, recent: 5_000 }
/** Even with nothing to tell, now and then: that nothing happened until now is news to a rotation. */
const quietMs = 10_000
/**
 * Sources are told to the hour. When they are many, each second a tenth of them is told, those that wait the longest,
 * so that a source which is busy is one row in ten seconds.
 */
const fewSources = 1_000
const sourcesWaitSeconds = 10
/** Each key's last requests are one row to rewrite, so that this bounds what a flush costs. */
const recentKeysAtOnce = 64
const stopWithinMs = 5_000

export type FlushOptions = {
  databaseUrl: string
  clock: Clock
  log: Log
  /** fresh at each start of the process */
  counterId: string
  /** names this process for people */
  name: string
}

export type Flusher = {
  /** Writes everything counted so far. @throws when the database cannot be reached; nothing is lost by that */
  flush(): Promise<void>
  /** Writes the rest and says that this counter will tell nothing more; gives up after a few seconds. */
  stop(): Promise<void>
}

/** Whether everything is told, or what is due; and whether nothing more will come. */
type Wish = { isAll: boolean; isClosed: boolean }
type Batch = { number: number; values: unknown[] }

const statement = {
  name: 'flush',
  text: `select flush_usage(${Array.from({ length: 22 }, (_, i) => `$${i + 1}`).join(', ')})`,
}

/**
 * Writes a counter to the database each second, in batches. A batch is frozen and numbered before it is first sent
 * and sent again as it is until an answer comes, so that whatever was lost on the way, it counts once. The last one
 * says until when everything is told.
 */
export function startFlushing(counter: Counter, options: FlushOptions): Flusher {
  const { clock, log, counterId, name } = options
  const lane = openLane(options.databaseUrl, { name: 'keywarden count', timeoutMs: 10_000 })
  let frozen: Batch | undefined
  let lastNumber = 0
  let toldThrough = clock.now()
  let flushing: Promise<void> | undefined
  let isOut = false
  // At once for the first time: from then on it is known that there is somebody who counts.
  let quietSince = Number.NEGATIVE_INFINITY

  function freeze(keys: Extent, through: Date, isClosed: boolean): Batch {
    const { cells, lastMs, sources, recent } = counter.take(keys)
    lastNumber++
    const { names, endpoints, classes, buckets, keys: keyIds, counts } = columnsOf(cells)
    const about = [counterId, name, lastNumber, through, new Date(lastMs), isClosed]
    const values = [...about, names, endpoints, classes, buckets, keyIds, counts]
    return { number: lastNumber, values: [...values, ...sourceColumns(sources), ...recentColumns(recent)] }
  }

  async function sendFrozen() {
    if (!frozen) return
    await lane.query(statement, frozen.values)
    frozen = undefined
  }

  async function send({ isAll, isClosed }: Wish) {
    // What was frozen before goes first, exactly as it was.
    await sendFrozen()
    const through = clock.now()
    let left = isAll ? counter.waiting : dueOf(counter.waiting)
    const isQuiet = left.cells + left.sources + left.recent === 0
    if (isQuiet && !isClosed && performance.now() - quietSince < quietMs) return
    quietSince = performance.now()
    const batch = isAll ? largeBatch : smallBatch
    for (let batches = batchesOf(left, batch); batches > 0; batches--) {
      const keys = eachOf(left, (count, kind) => Math.min(count, batch[kind]))
      left = eachOf(left, (count, kind) => count - keys[kind])
      if (batches === 1) toldThrough = through
      frozen = freeze(keys, toldThrough, isClosed && batches === 1)
      await sendFrozen()
    }
  }

  async function flush(wish: Wish) {
    await flushing?.catch(() => undefined)
    flushing = send(wish).finally(() => {
      flushing = undefined
    })
    await flushing
  }

  function tick() {
    if (flushing) return
    flush({ isAll: false, isClosed: false }).then(
      () => {
        isOut = false
      },
      (error) => {
        if (!isOut) log.warn({ error: String(error) }, 'usage cannot be written at the moment; it is kept')
        isOut = true
      },
    )
  }

  const ticking = setInterval(tick, everyMs)
  ticking.unref()
  return {
    flush: () => flush({ isAll: true, isClosed: false }),
    async stop() {
      clearInterval(ticking)
      const until = performance.now() + stopWithinMs
      for (;;) {
        const isDone = await flush({ isAll: true, isClosed: true }).then(
          () => true,
          () => false,
        )
        if (isDone) break
        if (performance.now() > until) {
          log.error('the last counts could not be written')
          break
        }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      await lane.close()
    },
  }
}

function dueOf({ cells, sources, recent }: Extent): Extent {
  const aTenth = Math.max(fewSources, Math.ceil(sources / sourcesWaitSeconds))
  return { cells, sources: Math.min(sources, aTenth), recent: Math.min(recent, recentKeysAtOnce) }
}

const eachOf = (extent: Extent, of: (count: number, kind: keyof Extent) => number): Extent => ({
  cells: of(extent.cells, 'cells'),
  sources: of(extent.sources, 'sources'),
  recent: of(extent.recent, 'recent'),
})

/** At least one, which says that nothing happened. */
const batchesOf = ({ cells, sources, recent }: Extent, batch: Extent): number =>
  Math.ceil(Math.max(1, cells / batch.cells, sources / batch.sources, recent / batch.recent))
