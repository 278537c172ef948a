import { expect, test } from 'vitest'
import { Counter, type Drained } from '../../src/usage/counter.ts'
import {
  type Batch,
  type FlushingEffect,
  type FlushingEvent,
  flushStep,
  newFlushing,
} from '../../src/usage/flushing.ts'
import fc from '../setup/seeded.ts'

const happenings = fc.oneof(
  // As many keys as take several batches, or few.
  fc.record({ kind: fc.constant('count' as const), keys: fc.constantFrom(1, 3, 150, 12_000) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 300, 1_000, 11_000) }),
  fc.record({
    kind: fc.constantFrom('second' as const, 'rested' as const, 'flush' as const, 'stop' as const),
  }),
  fc.record({ kind: fc.constant('answer' as const), isDue: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('lost before commit' as const, 'answer lost' as const) }),
)

/** The shell and the database, which keeps a batch of a number once, as `keep_flush` does. */
function openModel() {
  let nowMs = 0
  const counter = new Counter()
  let state = newFlushing(new Date(0))
  let frozen: { batch: Batch; drained: Drained } | undefined
  let asked: Extract<FlushingEffect, { do: 'send' | 'merge' }> | undefined
  const counted: { keyId: string; atMs: number }[] = []
  const kept = new Map<number, Drained>()
  let flushedThrough = 0
  let isClosed = false
  let wanted = 0
  const ended = new Map<number, boolean>()
  const requests = (cells: Drained['cells']) => cells.reduce((sum, cell) => sum + cell.requests, 0)
  const keptRequests = () => [...kept.values()].reduce((sum, { cells }) => sum + requests(cells), 0)

  type Kind<T> = T extends FlushingEvent ? Omit<T, 'waiting' | 'at' | 'nowMs'> : never

  function take(event: Kind<FlushingEvent>) {
    const step = flushStep(state, { ...event, waiting: counter.waiting, at: new Date(nowMs), nowMs } as never)
    state = step.state
    for (const effect of step.effects) {
      if (effect.do === 'freeze') {
        // What was frozen before is in the database.
        if (frozen) expect(kept.has(frozen.batch.number)).toBe(true)
        frozen = { batch: effect.batch, drained: counter.drain(effect.batch.keys) }
      } else if (effect.do === 'send' || effect.do === 'merge') {
        expect(asked).toBeUndefined()
        asked = effect
      } else if (effect.do === 'end' && effect.id !== undefined) {
        expect(ended.has(effect.id)).toBe(false)
        ended.set(effect.id, !('error' in effect))
      }
    }
  }

  function commit() {
    if (asked?.do !== 'send' || !frozen) return
    const { batch, drained } = frozen
    if (kept.has(batch.number)) return
    expect(batch.number).toBe(kept.size + 1)
    kept.set(batch.number, drained)
    flushedThrough = batch.through.getTime()
    isClosed ||= batch.isClosed
    // Nothing from before that moment is missing.
    expect(keptRequests()).toBeGreaterThanOrEqual(counted.filter(({ atMs }) => atMs < flushedThrough).length)
  }

  function answer(isDue = false) {
    if (!asked) return
    commit()
    const { do: question } = asked
    asked = undefined
    take(question === 'send' ? { kind: 'kept', isDue } : { kind: 'merged', isMore: isDue })
  }

  function fail(isCommitted: boolean) {
    if (!asked) return
    if (isCommitted) commit()
    asked = undefined
    take({ kind: 'failed', error: new Error('lost') })
  }

  function count(keys: number) {
    for (let key = 0; key < keys; key++) {
      const keyId = `key_${key}`
      counter.count({ id: keyId }, { endpoint: 'a' }, 'VALID', nowMs)
      counted.push({ keyId, atMs: nowMs })
    }
  }

  /** Each key's requests, as the database has them. */
  function byKey() {
    const all = new Map<string, number>()
    for (const { cells } of kept.values())
      for (const { keyId, requests } of cells) all.set(keyId, (all.get(keyId) ?? 0) + requests)
    return all
  }

  return {
    happen(one: typeof happenings extends fc.Arbitrary<infer T> ? T : never) {
      if (one.kind === 'count') count(one.keys)
      else if (one.kind === 'time') nowMs += one.ms
      else if (one.kind === 'answer') answer(one.isDue)
      else if (one.kind === 'lost before commit') fail(false)
      else if (one.kind === 'answer lost') fail(true)
      else if (one.kind === 'flush' || one.kind === 'stop')
        take({ kind: 'wanted', id: ++wanted, isClosed: one.kind === 'stop' })
      else take({ kind: one.kind })
    },
    settle() {
      take({ kind: 'wanted', id: ++wanted, isClosed: true })
      while (asked) answer()
      const expected = new Map<string, number>()
      for (const { keyId } of counted) expected.set(keyId, (expected.get(keyId) ?? 0) + 1)
      expect(byKey()).toEqual(expected)
      expect([flushedThrough, isClosed]).toEqual([nowMs, true])
      // Everybody who asked for a flush has an answer, and the last one a good one.
      expect(ended.size).toBe(wanted)
      expect(ended.get(wanted)).toBe(true)
      return kept.size
    },
  }
}

test('whatever becomes of the writes, each request is in the database once, and none is missing that it says is there', () => {
  fc.assert(
    fc.property(fc.array(happenings, { maxLength: 60 }), (all) => {
      const model = openModel()
      for (const one of all) model.happen(one)
      model.settle()
    }),
    { numRuns: 300 },
  )
})

test('a batch whose answer was lost is sent again before anything that was counted since', () => {
  const model = openModel()
  model.happen({ kind: 'count', keys: 3 })
  model.happen({ kind: 'second' })
  model.happen({ kind: 'answer lost' })
  model.happen({ kind: 'count', keys: 3 })
  model.happen({ kind: 'second' })
  model.happen({ kind: 'answer', isDue: false })
  expect(model.settle()).toBe(3)
})
