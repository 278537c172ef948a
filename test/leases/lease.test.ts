import { describe, expect, test } from 'vitest'
import { judge, type LeaseRow } from '../../src/leases/judge.ts'
import { holds, leaseFrom, skewMs } from '../../src/leases/lease.ts'

/** Real time that a test draws. */
function drawn() {
  const now = { monotonic: 1_000, wall: 1_700_000_000_000 }
  return { now, time: { monotonicMs: () => now.monotonic, wallMs: () => now.wall } }
}

describe('a lease', () => {
  const sent = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 }

  test('counts from before the renewal was sent, and ends 4 % early', () => {
    const { now, time } = drawn()
    const lease = leaseFrom(sent, 5_000)
    now.monotonic += 4_799
    now.wall += 4_799
    expect(holds(lease, time)).toBe(true)
    now.monotonic += 1
    expect(holds(lease, time)).toBe(false)
  })

  test('ends when the machine was suspended, although the monotonic clock stood still', () => {
    const { now, time } = drawn()
    now.wall += 60_000
    expect(holds(leaseFrom(sent, 5_000), time)).toBe(false)
  })

  test('is not lengthened by setting the wall clock back', () => {
    const { now, time } = drawn()
    now.wall -= 3_600_000
    now.monotonic += 5_000
    expect(holds(leaseFrom(sent, 5_000), time)).toBe(false)
  })

  test('none is none', () => {
    expect(holds(undefined, drawn().time)).toBe(false)
  })
})

test('skew is what the time of asking cannot explain', () => {
  expect(skewMs(1_000, 1_050, 1_100)).toBe(0)
  expect(skewMs(1_000, 900, 1_100)).toBe(100)
  expect(skewMs(1_000, 3_000, 1_100)).toBe(1_900)
})

describe('what a look says of change 7', () => {
  const row = (name: string, more: Partial<LeaseRow>): LeaseRow => ({
    ...{ incarnation: name, name, ttl_ms: 1_000, renewals: 3, head_at_renewal: 6, acknowledged: 6 },
    ...more,
  })
  const said = (leases: LeaseRow[], sinceMs: number) => {
    const { evidence, toFence, waitingFor } = judge(7, leases, sinceMs)
    return [evidence.confirmed, evidence.renewed, toFence.map((r) => r.name), waitingFor.map((r) => r.name)]
  }

  test.each([
    ['nobody holds a lease', [], 0, [[], [], [], []]],
    ['it acknowledged', [row('a', { acknowledged: 7 })], 0, [['a'], [], [], []]],
    ['it acknowledged more', [row('a', { acknowledged: 9 })], 0, [['a'], [], [], []]],
    ['it is silent', [row('a', {})], 999, [[], [], [], ['a']]],
    [
      'it was renewed, but an older lease may run',
      [row('a', { head_at_renewal: 7 })],
      999,
      [[], [], [], ['a']],
    ],
    [
      'it was renewed, and older leases have run out',
      [row('a', { head_at_renewal: 7 })],
      1_000,
      [[], ['a'], [], []],
    ],
    ['it was silent for its whole lease', [row('a', {})], 1_000, [[], [], ['a'], []]],
    [
      'each by its own lease',
      [row('a', {}), row('b', { ttl_ms: 5_000 }), row('c', { acknowledged: 8 })],
      2_000,
      [['c'], [], ['a'], ['b']],
    ],
  ])('%s', (_name, leases, sinceMs, expected) => {
    expect(said(leases, sinceMs)).toEqual(expected)
  })
})
