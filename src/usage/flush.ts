import type { Clock } from '../foundation/clock.ts'
import { openLane } from '../foundation/lane.ts'
import type { Log } from '../foundation/log.ts'
import { columnsOf } from './columns.ts'
import type { Counter } from './counter.ts'

const everyMs = 1_000
/** Even with nothing to tell, now and then: that nothing happened until now is news to a rotation. */
const quietMs = 10_000
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

type Batch = { number: number; values: unknown[] }

const statement = {
  name: 'flush',
  text: 'select flush_usage($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
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
  let quietSince = 0

  function freeze(isClosed: boolean): Batch | undefined {
    const through = clock.now()
    const { cells, lastMs } = counter.take()
    if (cells.length === 0 && !isClosed && performance.now() - quietSince < quietMs) return undefined
    quietSince = performance.now()
    lastNumber++
    const { names, endpoints, classes, buckets, keys, counts } = columnsOf(cells)
    const about = [counterId, name, lastNumber, through, new Date(lastMs), isClosed]
    return { number: lastNumber, values: [...about, names, endpoints, classes, buckets, keys, counts] }
  }

  async function send(isClosed: boolean) {
    // What was frozen before goes first, exactly as it was.
    for (const isLast of frozen ? [false, true] : [true]) {
      frozen ??= freeze(isClosed && isLast)
      if (!frozen) return
      await lane.query(statement, frozen.values)
      frozen = undefined
    }
  }

  async function flush(isClosed = false) {
    await flushing?.catch(() => undefined)
    flushing = send(isClosed).finally(() => {
      flushing = undefined
    })
    await flushing
  }

  function tick() {
    if (flushing) return
    flush().then(
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
    flush: () => flush(),
    async stop() {
      clearInterval(ticking)
      const until = performance.now() + stopWithinMs
      for (;;) {
        const isDone = await flush(true).then(
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
