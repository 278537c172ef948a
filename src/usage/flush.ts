import type { Clock } from '../foundation/clock.ts'
import { openLane } from '../foundation/lane.ts'
import type { Log } from '../foundation/log.ts'
import { columnsOf, recentColumns, sourceColumns } from './columns.ts'
import type { Counter } from './counter.ts'

const everyMs = 1_000
/** Even with nothing to tell, now and then: that nothing happened until now is news to a rotation. */
const quietMs = 10_000
/**
 * Sources are told to the hour. When there are many they wait for each other, so that a source which is busy is one
 * row in ten seconds.
 */
const fewSources = 1_000
const sourcesWaitMs = 10_000
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
type Extent = { isAll: boolean; isClosed: boolean }
type Batch = { number: number; values: unknown[] }

const statement = {
  name: 'flush',
  text: `select flush_usage(${Array.from({ length: 22 }, (_, i) => `$${i + 1}`).join(', ')})`,
}

/**
 * Writes a counter to the database each second. A batch is frozen and numbered before it is first sent and sent
 * again as it is until an answer comes, so that whatever was lost on the way, it counts once.
 */
export function startFlushing(counter: Counter, options: FlushOptions): Flusher {
  const { clock, log, counterId, name } = options
  const lane = openLane(options.databaseUrl, { name: 'keywarden count', timeoutMs: 10_000 })
  let frozen: Batch | undefined
  let lastNumber = 0
  let flushing: Promise<void> | undefined
  let isOut = false
  // At once for the first time: from then on it is known that there is somebody who counts.
  let quietSince = Number.NEGATIVE_INFINITY
  let sourcesToldAt = 0

  function freeze({ isAll, isClosed }: Extent): Batch | undefined {
    const through = clock.now()
    const nowMs = performance.now()
    const withSources = isAll || counter.sources <= fewSources || nowMs - sourcesToldAt >= sourcesWaitMs
    const { cells, lastMs, sources, recent } = counter.take(
      withSources,
      isAll ? Number.POSITIVE_INFINITY : recentKeysAtOnce,
    )
    const isQuiet = cells.length === 0 && sources.length === 0 && recent.length === 0
    if (isQuiet && !isClosed && nowMs - quietSince < quietMs) return undefined
    quietSince = nowMs
    if (withSources) sourcesToldAt = nowMs
    lastNumber++
    const { names, endpoints, classes, buckets, keys, counts } = columnsOf(cells)
    const about = [counterId, name, lastNumber, through, new Date(lastMs), isClosed]
    const values = [...about, names, endpoints, classes, buckets, keys, counts]
    return { number: lastNumber, values: [...values, ...sourceColumns(sources), ...recentColumns(recent)] }
  }

  async function send(extent: Extent) {
    // What was frozen before goes first, exactly as it was.
    for (const isLast of frozen ? [false, true] : [true]) {
      frozen ??= freeze({ ...extent, isClosed: extent.isClosed && isLast })
      if (!frozen) return
      await lane.query(statement, frozen.values)
      frozen = undefined
    }
  }

  async function flush(extent: Extent) {
    await flushing?.catch(() => undefined)
    flushing = send(extent).finally(() => {
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
