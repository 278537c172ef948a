import { setTimeout as pauseFor } from 'node:timers/promises'
import type { Clock } from '../foundation/clock.ts'
import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import { lastingTrouble } from '../foundation/lasting-trouble.ts'
import type { Log } from '../foundation/log.ts'
import { columnsOf, recentColumns, sourceColumns } from './columns.ts'
import type { Counter, Extent } from './counter.ts'
import { flushesPerMerge } from './merge.ts'

const everyMs = 1_000
/** The size of one batch, so that no request waits behind the making of all of them. */
const maxBatch: Extent = { cells: 1_000, sources: 250, recent: 16 }
/** The size of a batch when everything is flushed: then only the stopping of this process waits. */
const largeBatch: Extent = { cells: 10_000, sources: 5_000, recent: 5_000 }
/** An empty flush is sent this often: that nothing happened until now is news to a rotation. */
const quietMs = 10_000
/**
 * Sources are counted by the hour. When they are many, each second a tenth of them is flushed, those that wait the
 * longest, so that a busy source is one row in ten seconds.
 */
const fewSources = 2_500
const sourcesWaitSeconds = 10
/** Each key's last requests are one row to rewrite, so that this bounds what a flush costs. */
const recentKeysPerFlush = 64
const stopWithinMs = 3_000
/** Batches are spread over this part of a second, so that no request meets all of them at once. */
const spreadMs = 800
/** Fewer cells than this are not worth spreading. */
const fewCells = 100

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
  /** Writes the rest and closes this counter; gives up after a few seconds. */
  stop(): Promise<void>
}

const keep = {
  name: 'flush',
  text: `select keep_flush(${Array.from({ length: 22 }, (_, i) => `$${i + 1}`).join(', ')}) as is_due`,
}
const merge = { name: 'merge', text: 'select merge_usage($1, $2) as is_more' }

/**
 * Writes a counter to the database each second, in batches. A batch is frozen and numbered before it is first sent
 * and sent again as it is until an answer comes, so that it counts once, also when an answer was lost. The last one
 * says until when everything is flushed. Batches are merged into the tables of usage at once if they are small, else
 * every few seconds, by the first flush that finds it due.
 */
export function startFlushing(counter: Counter, options: FlushOptions): Flusher {
  const { clock, log, counterId, name } = options
  const connection = openDedicatedConnection(options.databaseUrl, {
    name: 'keywarden count',
    timeoutMs: 10_000,
  })
  // The values of a batch, until an answer to it comes.
  let frozen: unknown[] | undefined
  let lastNumber = 0
  let flushedThrough = clock.now()
  const outage = lastingTrouble({
    begun: (error) =>
      log.warn(
        { event: 'usage.flush_failed', error: String(error) },
        'failed to write usage; it stays in memory',
      ),
    ended: () => log.info({ event: 'usage.flushed_again' }, 'usage is written again'),
  })
  // One flush after the other; how many there are, and how many of them flush everything.
  let line: Promise<unknown> = Promise.resolve()
  let inLine = 0
  let hurried = 0
  let endPause = () => {}
  // The first flush is at once: from then on it is known that this process counts.
  let quietSince = Number.NEGATIVE_INFINITY

  function freeze(keys: Extent, through: Date, isClosed: boolean): unknown[] {
    const { cells, lastMs, sources, recent } = counter.drain(keys)
    lastNumber++
    const { names, endpoints, classes, buckets, keys: keyIds, counts } = columnsOf(cells)
    const about = [counterId, name, lastNumber, through, new Date(lastMs), isClosed]
    const values = [...about, names, endpoints, classes, buckets, keyIds, counts]
    return [...values, ...sourceColumns(sources), ...recentColumns(recent)]
  }

  async function sendFrozen() {
    if (!frozen) return
    const [kept] = await connection.query<{ is_due: boolean }>(keep, frozen)
    frozen = undefined
    if (kept?.is_due) await connection.query(merge, [flushesPerMerge, false])
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      endPause = resolve
      setTimeout(resolve, ms).unref()
    })

  /** Flushes what is due, in batches spread over the second. */
  async function send() {
    // An unanswered batch goes first, unchanged.
    await sendFrozen()
    const through = clock.now()
    const begun = performance.now()
    let left = dueOf(counter.waiting)
    if (isNothing(left) && begun - quietSince < quietMs) return
    quietSince = begun
    const batches = batchesOf(left)
    for (let sent = 1; sent <= batches && !hurried; sent++) {
      const batch = eachOf(left, (count) => Math.ceil(count / (batches + 1 - sent)))
      left = eachOf(left, (count, kind) => count - batch[kind])
      if (sent === batches) flushedThrough = through
      frozen = freeze(batch, flushedThrough, false)
      await sendFrozen()
      const spareMs = (spreadMs * sent) / batches - (performance.now() - begun)
      if (sent < batches && spareMs > 0 && !hurried) await pause(spareMs)
    }
  }

  /** Everything at once, so that it can be read when this returns. */
  async function sendAll(isClosed: boolean) {
    await sendFrozen()
    const through = clock.now()
    let isLast: boolean
    do {
      isLast = isWithin(counter.waiting, largeBatch)
      if (isLast) flushedThrough = through
      frozen = freeze(largeBatch, flushedThrough, isClosed && isLast)
      await sendFrozen()
    } while (!isLast)
    while ((await connection.query<{ is_more: boolean }>(merge, [flushesPerMerge, true]))[0]?.is_more);
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    inLine++
    const turn = line.then(work).finally(() => inLine--)
    line = turn.catch(() => undefined)
    return turn
  }

  function flushAll(isClosed: boolean): Promise<void> {
    hurried++
    endPause()
    return inTurn(() => sendAll(isClosed)).finally(() => hurried--)
  }

  function tick() {
    if (inLine > 0) return
    inTurn(send).then(outage.isOver, outage.met)
  }

  const ticking = setInterval(tick, everyMs)
  ticking.unref()
  return {
    flush: () => flushAll(false),
    async stop() {
      clearInterval(ticking)
      const until = performance.now() + stopWithinMs
      // A batch on its way may wait longer for an answer.
      const giveUp = setTimeout(() => void connection.close(), stopWithinMs)
      for (;;) {
        const flushed = flushAll(true).then(
          () => true,
          () => false,
        )
        // A database that hangs is waited for no longer than one that is out.
        const isDone = await Promise.race([
          flushed,
          pauseFor(until - performance.now(), false, { ref: false }),
        ])
        if (isDone) break
        if (performance.now() >= until) {
          log.error({ event: 'usage.lost' }, 'failed to write the last counts before the process ended')
          break
        }
        await pauseFor(200)
      }
      clearTimeout(giveUp)
      await connection.close()
    },
  }
}

function dueOf({ cells, sources, recent }: Extent): Extent {
  const aTenth = Math.max(fewSources, Math.ceil(sources / sourcesWaitSeconds))
  return { cells, sources: Math.min(sources, aTenth), recent: Math.min(recent, recentKeysPerFlush) }
}

const eachOf = (extent: Extent, of: (count: number, kind: keyof Extent) => number): Extent => ({
  cells: of(extent.cells, 'cells'),
  sources: of(extent.sources, 'sources'),
  recent: of(extent.recent, 'recent'),
})

const isNothing = ({ cells, sources, recent }: Extent) => cells + sources + recent === 0

const isWithin = ({ cells, sources, recent }: Extent, one: Extent) =>
  cells <= one.cells && sources <= one.sources && recent <= one.recent

/** How many batches hold so much: one for little, up to ten for what would fit into less, else as many as it takes. */
function batchesOf({ cells, sources, recent }: Extent): number {
  const full = Math.max(cells / maxBatch.cells, sources / maxBatch.sources, recent / maxBatch.recent)
  return Math.max(1, Math.min(10, Math.ceil(cells / fewCells)), Math.ceil(full))
}
