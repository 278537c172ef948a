import { expect, test } from 'vitest'
import type { KeySnapshot } from '../../src/rotation/key-snapshot.ts'
import {
  atDeadline,
  endsBeforeSwitch,
  type Facts,
  finishesBecause,
  phaseOf,
} from '../../src/rotation/phase.ts'

const now = new Date('2026-11-25T12:00:00Z')
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000)
const rules = { silentBeforeFinishHours: 24, cutAtDeadline: false }

const key = (more: Partial<KeySnapshot>): KeySnapshot => ({
  id: 'key_1',
  name: 'Payments',
  hint: 'tml_Ab3d...',
  ownerId: 'U0ADA00001',
  scopes: ['read'],
  lifetimeDays: 90,
  revealedAt: hoursAgo(2_000),
  expiresAt: null,
  endsAt: null,
  lastUsedAt: null,
  state: 'active',
  ...more,
})

const facts = (more: Partial<Facts> = {}): Facts => ({
  old: key({ lastUsedAt: hoursAgo(30) }),
  next: key({ id: 'key_2', revealedAt: hoursAgo(48) }),
  usedAt: hoursAgo(40),
  dueAt: hoursAgo(-48),
  flushedUntil: now,
  now,
  ...more,
})

const phase = (more: Partial<Facts>) => phaseOf(facts(more), rules)

test('a rotation waits for the reveal, for the first use, for silence, and is safe then', () => {
  const unrevealed = key({ state: 'unrevealed', revealedAt: null, hint: null })
  expect(phase({ next: unrevealed, usedAt: null })).toBe('reveal')
  expect(phase({ usedAt: null })).toBe('switch')
  expect(phase({ old: key({ lastUsedAt: hoursAgo(0.5) }) })).toBe('switch')
  expect(phase({ old: key({ lastUsedAt: hoursAgo(5) }) })).toBe('silent')
  expect(phase({})).toBe('safe')
})

test('silence counts only as far as every verifier has flushed, and not at all when one has not', () => {
  expect(phase({ flushedUntil: hoursAgo(5.9) })).toBe('safe')
  expect(phase({ flushedUntil: hoursAgo(6.1) })).toBe('silent')
  expect(phase({ flushedUntil: undefined })).toBe('silent')
  // A verifier whose clock is ahead proves nothing about what has not been yet.
  expect(phase({ old: key({ lastUsedAt: hoursAgo(23) }), flushedUntil: hoursAgo(-5) })).toBe('silent')
})

test('a use from before a token was taken back and shown anew is no evidence', () => {
  expect(phase({ next: key({ revealedAt: hoursAgo(10) }), usedAt: hoursAgo(11) })).toBe('switch')
})

test('a paused old key can be resumed, so its silence counts; an expired one has nothing left to break', () => {
  expect(phase({ old: key({ state: 'inactive', lastUsedAt: hoursAgo(0.5) }) })).toBe('switch')
  expect(phase({ old: key({ state: 'expired', lastUsedAt: hoursAgo(0.5) }) })).toBe('safe')
})

test('it ends by itself when the new key is revoked, or the old one is and the new one works', () => {
  expect(phase({ next: key({ state: 'revoked' }) })).toBe('aborted')
  expect(phase({ old: key({ state: 'revoked' }) })).toBe('finished')
  expect(phase({ old: key({ state: 'revoked' }), usedAt: null })).toBe('switch')
})

test('the deadline finishes what is safe, cuts a busy key only where policy says so, and asks otherwise', () => {
  const due = { dueAt: hoursAgo(1) }
  const busy = { ...due, old: key({ lastUsedAt: hoursAgo(0.5) }) }
  const cutting = { ...rules, cutAtDeadline: true }
  expect(atDeadline(facts(), rules)).toBe('wait')
  expect(atDeadline(facts(due), rules)).toBe('finish')
  expect(atDeadline(facts(busy), rules)).toBe('ask')
  expect(atDeadline(facts(busy), cutting)).toBe('cut')
  const unrevealed = key({ state: 'unrevealed', revealedAt: null })
  expect(atDeadline(facts({ ...busy, next: unrevealed, usedAt: null }), cutting)).toBe('ask')
  expect(atDeadline(facts({ ...due, old: key({ state: 'expired' }), usedAt: null }), rules)).toBe('finish')
})

test('a rotation that finishes at its deadline says that nothing used the old key only where that was judged', () => {
  const due = { dueAt: hoursAgo(1) }
  const because = (more: Partial<Facts>) => finishesBecause(facts(more), rules)
  expect(because(due)).toBe('deadline')
  for (const state of ['expired', 'revoked'] as const)
    expect(because({ ...due, old: key({ state, lastUsedAt: hoursAgo(0.5) }), usedAt: null })).toBe(
      'old-ended',
    )
  expect(because({ ...due, old: key({ state: 'expired', lastUsedAt: hoursAgo(0.5) }) })).toBe('old-ended')
  expect(because({ old: key({ state: 'revoked' }) })).toBe('old-revoked')
  expect(because({})).toBeUndefined()
})

test('the old key’s own end is a warning when it comes before the deadline and the switch', () => {
  const ends = hoursAgo(-24)
  const old = key({ endsAt: ends, lastUsedAt: hoursAgo(0.5) })
  expect(endsBeforeSwitch(facts({ old }), 'switch')).toEqual(ends)
  expect(endsBeforeSwitch(facts({ old }), 'safe')).toBeUndefined()
  expect(endsBeforeSwitch(facts({ old: key({ endsAt: hoursAgo(-72) }) }), 'switch')).toBeUndefined()
})
