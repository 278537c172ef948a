import { setTimeout as pauseFor } from 'node:timers/promises'
import type { Clock } from '../foundation/clock.ts'
import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import { lastingTrouble } from '../foundation/lasting-trouble.ts'
import type { Log } from '../foundation/log.ts'
import { columnsOf, recentColumns, sourceColumns } from './columns.ts'
import type { Counter } from './counter.ts'
import { type Batch, type FlushingEffect, type FlushingEvent, flushStep, newFlushing } from './flushing.ts'
import { flushesPerMerge } from './merge.ts'

const everyMs = 1_000

export type FlushOptions = {
  databaseUrl: string
  clock: Clock
  log: Log
  /** fresh at each start of the process */
  counterId: string
  /** names this process for people */
  name: string
  /** for so long the last counts are tried to be written when it stops */
  stopWithinMs?: number
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
 * Writes a counter to the database each second, in batches, as `flushStep` decides. The last batch says until when
 * everything is flushed. Batches are merged into the tables of usage at once if they are small, else every few seconds,
 * by the first flush that finds it due.
 */
export function startFlushing(counter: Counter, options: FlushOptions): Flusher {
  const { clock, log, counterId, name, stopWithinMs = 3_000 } = options
  const connection = openDedicatedConnection(options.databaseUrl, {
    name: 'keywarden count',
    timeoutMs: 10_000,
  })
  let state = newFlushing(clock.now())
  // Of the frozen batch.
  let values: unknown[] = []
  let rest: NodeJS.Timeout | undefined
  let lastId = 0
  const flushes = new Map<number, { resolve(): void; reject(error: unknown): void }>()
  const outage = lastingTrouble({
    begun: (error) =>
      log.warn(
        { event: 'usage.flush_failed', error: String(error) },
        'failed to write usage; it stays in memory',
      ),
    ended: () => log.info({ event: 'usage.flushed_again' }, 'usage is written again'),
  })

  const sight = () => ({ waiting: counter.waiting, at: clock.now(), nowMs: performance.now() })

  function take(event: FlushingEvent) {
    const step = flushStep(state, event)
    state = step.state
    for (const effect of step.effects) carryOut(effect)
  }

  function carryOut(effect: FlushingEffect) {
    if (effect.do === 'freeze') values = valuesOf(effect.batch)
    else if (effect.do === 'rest')
      rest = setTimeout(() => take({ kind: 'rested', ...sight() }), effect.ms).unref()
    else if (effect.do === 'end') ended(effect.id, effect.error)
    else
      (effect.do === 'send' ? send() : mergeSome(effect.isAll)).then(take, (error) =>
        take({ kind: 'failed', error, ...sight() }),
      )
  }

  async function send(): Promise<FlushingEvent> {
    const [kept] = await connection.query<{ is_due: boolean }>(keep, values)
    return { kind: 'kept', isDue: kept!.is_due, ...sight() }
  }

  async function mergeSome(isAll: boolean): Promise<FlushingEvent> {
    const [merged] = await connection.query<{ is_more: boolean }>(merge, [flushesPerMerge, isAll])
    return { kind: 'merged', isMore: merged!.is_more, ...sight() }
  }

  function valuesOf({ number, keys, through, isClosed }: Batch): unknown[] {
    const { cells, lastMs, sources, recent } = counter.drain(keys)
    const { names, endpoints, classes, buckets, keys: keyIds, counts } = columnsOf(cells)
    const about = [counterId, name, number, through, new Date(lastMs), isClosed]
    const columns = [...about, names, endpoints, classes, buckets, keyIds, counts]
    return [...columns, ...sourceColumns(sources), ...recentColumns(recent)]
  }

  function ended(id: number | undefined, failure: unknown) {
    const flush = id === undefined ? { resolve: outage.isOver, reject: outage.met } : flushes.get(id)
    if (id !== undefined) flushes.delete(id)
    if (failure === undefined) flush?.resolve()
    else flush?.reject(failure)
  }

  function flushAll(isClosed: boolean): Promise<void> {
    const id = ++lastId
    return new Promise((resolve, reject) => {
      flushes.set(id, { resolve, reject })
      clearTimeout(rest)
      take({ kind: 'wanted', id, isClosed, ...sight() })
    })
  }

  const ticking = setInterval(() => take({ kind: 'second', ...sight() }), everyMs)
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
