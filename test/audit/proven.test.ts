import { expect, test } from 'vitest'
import type { Link } from '../../src/audit/chain.ts'
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
