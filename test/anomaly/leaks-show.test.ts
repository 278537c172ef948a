import { expect, test } from 'vitest'
import type { Figures } from '../../src/anomaly/detector/explain.ts'
import { type Direction, directionOf, gather, type Spoke } from '../../src/anomaly/detector/fleet.ts'
import type { Reason } from '../../src/anomaly/detector/reason.ts'
import { factorOf, severityOf, standsAlone } from '../../src/anomaly/severity.ts'
import fc from '../setup/seeded.ts'

/** An alert of a key: its reason, its numbers and the requests that came from where it was never used before. */
type Alerted = { reason: Reason; figures: Figures; fromNew: number }

const figures = (lastHour: number, busiestHour: number): Figures => ({
  ...{ count: Math.ceil(lastHour / 4), lastHour, busiestBucket: Math.ceil(busiestHour / 4), busiestHour },
  ...{ days: 30, busiestComparable: busiestHour, busyMinutes: 60, usuallyBusyMinutes: 60 },
  ...{ usuallyFailed: 0.01, silentMinutes: 0, missing: 0, lastQuarter: 0, leastComparable: 0 },
})
const reason = fc.constantFrom<Reason>('spike', 'busy-hour', 'unusual-time', 'slow-burn', 'new-activity')

/** Keys that are busy as a deployment makes them: a few times their busiest, from where they always were. */
const neighbour: fc.Arbitrary<Alerted> = fc
  .record({
    reason,
    busiest: fc.integer({ min: 4, max: 5_000 }),
    times: fc.double({ min: 1.5, max: 5, noNaN: true }),
  })
  .map(({ reason, busiest, times }) => ({
    reason,
    figures: figures(Math.round(busiest * times), busiest),
    fromNew: 0,
  }))

/** Keys that a thief makes busy to hide behind: many more, and up to nine times their busiest. */
const decoy = neighbour.map((one) => ({
  ...one,
  figures: figures(one.figures.busiestHour * 9, one.figures.busiestHour),
}))

type Kind = 'critical' | 'new source' | 'far beyond'

/** A leaked key, in each way in which one looks like it. */
const leak: fc.Arbitrary<{ kind: Kind } & Alerted> = fc
  .record({
    reason,
    kind: fc.constantFrom<Kind>('critical', 'new source', 'far beyond'),
    busiest: fc.integer({ min: 1, max: 5_000 }),
    more: fc.double({ min: 0, max: 20, noNaN: true }),
    share: fc.double({ min: 0.51, max: 1, noNaN: true }),
  })
  .map(({ reason, kind, busiest, more, share }) => {
    if (kind === 'critical')
      return {
        kind,
        reason,
        figures: figures(Math.max(100, Math.ceil(busiest * (10 + more))), busiest),
        fromNew: 0,
      }
    if (kind === 'new source') {
      const all = figures(Math.ceil(busiest * (1 + more)), busiest)
      return { kind, reason, figures: all, fromNew: Math.ceil(share * Math.max(all.lastHour, all.count)) }
    }
    // Too few requests to be critical by their number: at most 99, and yet far more than the others' factor.
    const few = Math.min(3, busiest)
    return { kind, reason, figures: figures(few * 30, few), fromNew: 0 }
  })

const spokeOf = (id: number, { reason, figures }: Alerted): Spoke => ({
  id,
  reason,
  factor: factorOf(figures),
})

const alone = ({ reason, figures, fromNew }: Alerted) => standsAlone(reason, figures, fromNew)

/** Whether the leaked key is told by itself, when it alerts among these, which are one event already or become one. */
function isTold(one: Alerted, others: readonly Alerted[], event: 'open' | 'none' | 'has it'): boolean {
  if (alone(one)) return true
  const rest = others.filter((other) => !alone(other)).map((other, i) => spokeOf(i + 1, other))
  const leaked = spokeOf(0, one)
  const direction: Direction = directionOf(one.reason)
  const members = new Map<Direction, Spoke[]>(
    event === 'none' ? [] : [[direction, event === 'open' ? rest : [leaked, ...rest]]],
  )
  const spoke = event === 'none' ? [leaked, ...rest] : event === 'open' ? [leaked] : []
  const { begins, apart } = gather(spoke, members, spoke.length + rest.length)
  const joined = (event !== 'none' || begins.includes(direction)) && !apart.includes(0)
  return !joined
}

test('busy neighbours never hide a leak: in ten thousand mixes it is told by itself', () => {
  let hidden = 0
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(
      leak,
      fc.array(neighbour, { minLength: 4, maxLength: 60 }),
      fc.array(decoy, { maxLength: 3 }),
      fc.constantFrom('open' as const, 'none' as const, 'has it' as const),
      (one, neighbours, decoys, event) => {
        const told = isTold(one, [...neighbours, ...decoys], event)
        seen.set(`${one.kind}, ${event}`, (seen.get(`${one.kind}, ${event}`) ?? 0) + 1)
        if (!told) hidden++
        return told
      },
    ),
    { numRuns: 10_000 },
  )
  expect(hidden).toBe(0)
  expect(Math.min(...seen.values())).toBeGreaterThan(500)
  expect(seen.size).toBe(9)
})

test('neighbours alone are one event, and none of them is set apart from it', () => {
  fc.assert(
    fc.property(fc.array(neighbour, { minLength: 8, maxLength: 60 }), (neighbours) => {
      const spoke = neighbours.filter((one) => !alone(one)).map((one, i) => spokeOf(i, one))
      const { begins, apart } = gather(spoke, new Map(), spoke.length)
      expect({ begins, apart }).toEqual({ begins: ['more'], apart: [] })
    }),
    { numRuns: 1_000 },
  )
})

test('ten times the busiest hour is critical, and so is what comes mostly from a new source', () => {
  expect(severityOf('spike', figures(1_000, 100), 0)).toBe('critical')
  expect(severityOf('spike', figures(300, 100), 200)).toBe('critical')
  expect(severityOf('spike', figures(300, 100), 0)).toBe('warning')
})
