import { describe, expect, test } from 'vitest'
import { plain } from '../../src/foundation/words.ts'
import { judge, type LeaseRow } from '../../src/leases/judge.ts'
import {
  greatestSkewMs,
  holds,
  leaseAgeMs,
  leaseFrom,
  momentOf,
  realTime,
  skewMs,
} from '../../src/leases/lease.ts'
import type { Receipt } from '../../src/leases/receipt.ts'
import { receiptPhrase } from '../../src/leases/receipt-words.ts'
import { Delay, Refused } from '../../src/notifications/channel.ts'

const said = (receipt: Receipt, ...about: ['end' | 'rule'] | []) => plain(receiptPhrase(receipt, ...about))
const confirmed = (more: Partial<Receipt & { state: 'confirmed' }>): Receipt => ({
  ...{ state: 'confirmed', seq: 7, at: null, confirmed: [], renewed: [], waitedOut: [], tookMs: 12.4 },
  ...more,
})

describe('a receipt in words', () => {
  test.each<[Receipt, 'end' | 'rule' | undefined, string]>([
    [
      { state: 'unknown', reason: 'x', why: 'lost' },
      undefined,
      'The database does not have this change: it was undone, or lost when the database recovered. Look at the key and try again.',
    ],
    [
      { state: 'unknown', reason: 'x', why: 'recovered' },
      undefined,
      'I can’t yet confirm that every server has this change. I’ll keep checking.',
    ],
    [
      { state: 'pending', seq: 7, waitingFor: ['a', 'b'] },
      undefined,
      'Saved. Waiting for a, b; until then a check there may still accept it.',
    ],
    [
      { state: 'pending', seq: 7, waitingFor: [] },
      'rule',
      'Saved. Waiting for its servers; until then a check there may still go by what was before.',
    ],
    [
      { state: 'pending', seq: 7, waitingFor: ['a', 'b', 'c', 'd', 'e'] },
      undefined,
      'Saved. Waiting for a, b, c, d, e; until then a check there may still accept it.',
    ],
    [
      { state: 'pending', seq: 7, waitingFor: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
      undefined,
      'Saved. Waiting for a, b, c, d, e and 2 more; until then a check there may still accept it.',
    ],
    [confirmed({}), undefined, 'No server held it in memory; every request from now on is refused.'],
    [confirmed({}), 'rule', 'No server held it in memory; every request from now on goes by it.'],
    [
      confirmed({ confirmed: ['a'] }),
      undefined,
      '1 of 1 server confirmed in 12 ms; every request from now on is refused.',
    ],
    [
      confirmed({ confirmed: ['a'], renewed: ['b'], tookMs: 0.2 }),
      'rule',
      '2 of 2 servers confirmed in 1 ms; every request from now on goes by it.',
    ],
    [
      confirmed({ confirmed: ['a'], renewed: ['b'], waitedOut: ['c'], tookMs: 1_000 }),
      undefined,
      '2 servers confirmed; c did not answer; I waited 1.0 s until its permission ended. Every request from now on is refused.',
    ],
    [
      confirmed({ confirmed: ['a'], waitedOut: ['c'], tookMs: 1_000 }),
      undefined,
      '1 server confirmed; c did not answer; I waited 1.0 s until its permission ended. Every request from now on is refused.',
    ],
    [confirmed({ confirmed: ['a', 'b'], waitedOut: ['c'] }), 'end', '2 of 3 servers confirmed when it ends.'],
    [confirmed({ confirmed: ['a'], waitedOut: ['c', 'd'] }), 'end', '1 of 3 servers confirmed when it ends.'],
    [
      confirmed({ confirmed: ['a'], tookMs: 999 }),
      undefined,
      '1 of 1 server confirmed in 999 ms; every request from now on is refused.',
    ],
  ])('%j about %j', (receipt, about, words) => {
    expect(about ? said(receipt, about) : said(receipt)).toBe(words)
  })
})

describe('a lease', () => {
  const sent = { monotonicMs: 1_000, wallMs: 50_000 }
  const at = (monotonicMs: number, wallMs: number) => ({
    monotonicMs: () => monotonicMs,
    wallMs: () => wallMs,
  })

  test('is 4 % shorter than it was given, by both clocks', () => {
    const lease = leaseFrom(sent, 5_000)
    expect(lease).toEqual({ end: { monotonicMs: 5_800, wallMs: 54_800 } })
    expect(holds(lease, at(5_799, 54_799))).toBe(true)
    expect(holds(lease, at(5_800, 54_799))).toBe(false)
    expect(holds(lease, at(5_799, 54_800))).toBe(false)
    expect(holds(undefined, at(0, 0))).toBe(false)
  })

  test('has an age since its renewal was sent', () => {
    expect(leaseAgeMs(leaseFrom(sent, 5_000), 5_000, at(1_250, 0))).toBe(250)
    expect(leaseAgeMs(undefined, 5_000, at(1_250, 0))).toBeUndefined()
  })

  test('is measured by two clocks of the machine', () => {
    expect(momentOf(at(1, 2))).toEqual({ monotonicMs: 1, wallMs: 2 })
    expect(Math.abs(realTime.wallMs() - Date.now())).toBeLessThan(1_000)
    expect(realTime.monotonicMs()).toBeLessThanOrEqual(performance.now())
    expect(realTime.monotonicMs()).toBeGreaterThan(0)
  })

  test('belongs to a machine whose clock may be off by what asking took, and is wrong beyond a second', () => {
    expect([skewMs(0, 5, 10), skewMs(10, 4, 20), skewMs(0, 30, 10)]).toEqual([0, 6, 20])
    expect(greatestSkewMs).toBe(1_000)
  })
})

describe('a change is judged by each lease', () => {
  const lease = (more: Partial<LeaseRow>): LeaseRow => ({
    ...{ incarnation: 'i', name: 'n', ttl_ms: 1_000, renewals: 1, head_at_renewal: 6, acknowledged: 6 },
    ...more,
  })

  test.each<[string, Partial<LeaseRow>, number, 'confirmed' | 'renewed' | 'toFence' | 'waitingFor']>([
    ['acknowledged', { acknowledged: 7 }, 0, 'confirmed'],
    ['acknowledged a later one', { acknowledged: 8 }, 5_000, 'confirmed'],
    ['silent, and may still run', {}, 999, 'waitingFor'],
    ['renewed with it, and an earlier grant may still run', { head_at_renewal: 7 }, 999, 'waitingFor'],
    ['renewed with it', { head_at_renewal: 7 }, 1_000, 'renewed'],
    ['silent for its whole length', {}, 1_000, 'toFence'],
  ])('that is %s', (_, more, sinceMs, where) => {
    const one = lease(more)
    const { evidence, toFence, waitingFor } = judge(7, [one], sinceMs)
    const found = { ...evidence, toFence, waitingFor }
    expect(found).toEqual({
      ...{ confirmed: [], renewed: [], toFence: [], waitingFor: [] },
      [where]: [where === 'confirmed' || where === 'renewed' ? 'n' : one],
    })
  })
})

describe('what a channel throws', () => {
  test('says how long to wait, and whether for a destination or a method', () => {
    expect(new Delay(3)).toMatchObject({ seconds: 3, of: 'destination', message: 'asked to wait 3 s' })
    expect(new Delay(3, 'method').of).toBe('method')
  })

  test('says why it refused, in the words of the service', () => {
    const refused = new Refused('closed', 'is_archived')
    expect(refused).toBeInstanceOf(Error)
    expect(refused).toMatchObject({ why: 'closed', said: 'is_archived', message: 'is_archived' })
  })
})
