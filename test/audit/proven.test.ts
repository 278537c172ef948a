import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Entry, LeftOut, Link } from '../../src/audit/chain.ts'
import { ChainInspector, type Vouched } from '../../src/audit/inspect.ts'
import fc from '../setup/seeded.ts'
import { chainOf, five, inspect, pick, rehashed, replaceAt, vouchedAt } from './chains.ts'

const bodies = fc.array(fc.string(), { minLength: 2, maxLength: 12 })

/** Which events are proven, and which are not. */
const proof = (links: readonly Link[], ...vouched: Link[]) => {
  const inspection = inspect(links, { partial: true, vouched: vouchedAt(...vouched) })
  expect(inspection.breaks).toEqual([])
  return [inspection.proven, inspection.unproven.map(({ from, to }) => (from === to ? from : [from, to]))]
}

test('an event is proven by an unbroken run of hashes that ends at one that is vouched for, and by nothing else', () => {
  const last = five[4]!
  expect(proof(five, last)).toEqual([5, []])
  expect(proof(pick(3, 4, 5), last)).toEqual([3, []])
  expect(proof(pick(1, 3, 4, 5), last)).toEqual([3, [1]])
  expect(proof(pick(1, 2, 4), last)).toEqual([0, [[1, 2], 4]])
  expect(proof(pick(5), last)).toEqual([1, []])
  expect(proof(pick(1, 2, 4, 5), five[1]!, last)).toEqual([4, []])
  // A checkpoint does not prove later events.
  expect(proof(five, five[2]!)).toEqual([3, [[4, 5]]])
  expect(proof(pick(3, 4, 5), five[3]!)).toEqual([2, [5]])
  // A checkpoint about an event that is not there proves nothing, also if the next one names its hash.
  expect(proof(pick(2, 5), five[3]!)).toEqual([0, [2, 5]])
  expect(proof(five)).toEqual([0, [[1, 5]]])
})

test('an event that was rewritten with a new hash is never proven, whatever else the export holds', () => {
  fc.assert(
    fc.property(bodies, fc.infiniteStream(fc.boolean()), fc.nat(), fc.nat(), (texts, kept, a, b) => {
      const links = chainOf(texts)
      const [i, vouched] = [a % links.length, links[b % links.length]!]
      const forged = rehashed({ ...links[i]!, body: `${links[i]!.body}x` })
      const some = replaceAt(links, i, forged).filter((link) => link === forged || kept.next().value)
      const { breaks, proven, unproven, events } = inspect(some, {
        partial: true,
        vouched: vouchedAt(vouched),
      })
      const held = unproven.reduce((sum, { from, to }) => sum + to - from + 1, proven)
      expect(held).toBe(events)
      if (breaks.length === 0)
        expect(unproven.some(({ from, to }) => from <= forged.seq && forged.seq <= to)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('which events are not proven is remembered of some, and counted of all', () => {
  const odd = chainOf(Array.from({ length: 5_000 }, (_, i) => `${i}`)).filter(({ seq }) => seq % 2 === 1)
  const { events, proven, unproven } = inspect(odd, { partial: true, vouched: vouchedAt(odd.at(-1)!) })
  expect({ events, proven }).toEqual({ events: 2_500, proven: 1 })
  expect(unproven).toHaveLength(20)
})

test('an event that is wrong, or that a witness contradicts, is not proven', () => {
  const contradicted = five.map((link) => (link.seq === 3 ? { ...link, contradiction: 'x' } : link))
  expect(inspect(contradicted, { partial: true, vouched: vouchedAt(five[4]!) })).toMatchObject({
    ...{ proven: 2, breaks: [{ kind: 'altered', from: 3 }] },
    unproven: [
      { from: 1, to: 2 },
      { from: 3, to: 3 },
    ],
  })
  expect(inspect(five, { vouched: vouchedAt({ ...five[4]!, hash: 'f'.repeat(64) }) }).proven).toBe(0)
})

describe('events that are left out', () => {
  const digest = (body: string) => createHash('sha256').update(body).digest('hex')
  const out = (...seqs: number[]): LeftOut => ({
    ...{ workspace: 'ws_1', seq: seqs[0]! },
    digests: seqs.map((seq) => digest(five[seq - 1]!.body)),
  })
  const of = (parts: (Entry | LeftOut)[], vouched: Vouched, partial = true) => {
    const inspector = new ChainInspector('ws_1', vouched, partial)
    for (const part of parts) {
      if ('digests' in part) inspector.leaveOut(part)
      else inspector.add(part)
    }
    const { proven, unproven, breaks, last } = inspector.end()
    return { proven, unproven, last, breaks: breaks.map(({ kind, from, to }) => `${kind} ${from}-${to}`) }
  }
  const [one, two, , , last] = five as [Link, Link, Link, Link, Link]
  const sound = { breaks: [], last: 5 }

  test('lead the hashes on, so that what stands on both sides is proven by one checkpoint', () => {
    const parts = [one, out(2, 3), out(4), last]
    expect(of(parts, vouchedAt(last))).toEqual({ ...sound, proven: 2, unproven: [] })
    const ends = [one, out(2, 3, 4, 5)]
    expect(of(ends, vouchedAt(last))).toEqual({ ...sound, proven: 1, unproven: [] })
  })

  test('prove the events before them where a checkpoint vouches for one of them', () => {
    const parts = [one, two, out(3, 4), last]
    const later = [{ from: 5, to: 5 }]
    expect(of(parts, vouchedAt(five[2]!))).toEqual({ ...sound, proven: 2, unproven: later })
    expect(of(parts, vouchedAt(five[2]!, five[3]!))).toEqual({ ...sound, proven: 2, unproven: later })
  })

  test('are not another one: the next event shows it, or the checkpoint does', () => {
    const forged = { ...out(2), digests: [digest('x')] }
    expect(of([one, forged, five[2]!], vouchedAt(last))).toMatchObject({ proven: 0, breaks: ['altered 2-3'] })
    expect(of([one, forged], vouchedAt(two))).toMatchObject({ proven: 0, breaks: ['altered 1-2'] })
  })

  test('say nothing without the event before them, or after one that is wrong', () => {
    expect(of([out(1, 2), five[2]!], vouchedAt(five[2]!))).toMatchObject({ proven: 1, breaks: [] })
    expect(of([one, out(3), five[3]!], vouchedAt(five[3]!))).toMatchObject({ proven: 1, breaks: [] })
    const altered = { ...two, hash: 'f'.repeat(64) }
    expect(of([one, altered, out(3), five[3]!], vouchedAt(last)).breaks).toEqual(['altered 2-2'])
  })

  test('are missing from a whole export all the same', () => {
    expect(of([one, out(2), five[2]!], new Map(), false).breaks).toEqual(['removed 2-2'])
  })
})
