import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { confirm } from '../../src/leases/confirming.ts'
import { learn } from '../../src/verification/learning.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { check, type Restore, unanswered } from './history/checker.ts'
import { replay, type Steps } from './history/replay.ts'
import { type Result, run } from './history/run.ts'
import { openLab } from './lab/lab.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe('the checker of `npm run faults:history`', () => {
  const confirmation = { keyId: 'k', begunMs: 10, confirmedMs: 20 }
  const verify = { keyId: 'k', verifier: 'v', startMs: 21, endMs: 22, verdict: 'VALID' }
  const acceptedWith = (restores: Restore[], more: Partial<typeof verify> = {}) =>
    check({ confirmations: [confirmation], verifies: [{ ...verify, ...more }], restores }).accepted.length

  test('sees a verify that began after the confirmation and accepted, and no other', () => {
    expect(acceptedWith([])).toBe(1)
    for (const other of [{ startMs: 20 }, { verdict: 'REVOKED' }, { keyId: 'another' }])
      expect(acceptedWith([], other)).toBe(0)
  })

  test('counts who was answered after the confirmation, by verdict', () => {
    const verdicts = ['REVOKED', 'HTTP 503', 'REVOKED', unanswered]
    const verifies = verdicts.map((verdict) => ({ ...verify, verdict }))
    const { afterConfirmation } = check({ confirmations: [confirmation], verifies, restores: [] })
    expect(afterConfirmation).toEqual({ REVOKED: 2, 'HTTP 503': 1 })
  })

  test.each([
    ['began its dump after the confirmation', { dumpedMs: 20, begunMs: 21, endedMs: 30 }, 0],
    ['began its dump before the confirmation', { dumpedMs: 19, begunMs: 21, endedMs: 30 }, 0],
    ['began its dump later than the confirmation', { dumpedMs: 20.5, begunMs: 20.7, endedMs: 30 }, 1],
    ['was complete before the change began', { dumpedMs: 1, begunMs: 2, endedMs: 9 }, 1],
    ['began after the verify', { dumpedMs: 19, begunMs: 23, endedMs: 30 }, 1],
  ])('with a restore that %s', (_what, restore, accepted) => {
    expect(acceptedWith([restore])).toBe(accepted)
  })
})

describe('a short run of `npm run faults:history`, on one server that stays', () => {
  let database: FreshDatabase
  let result: Result
  const closing: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    database = await freshDatabase()
    const lab = await openLab(database.url, async () => {})
    closing.push(lab.close)
    result = await run({
      lab,
      verifiers: 2,
      bulkLanes: 1,
      seconds: 8,
      seed: 1,
      later: (close) => void closing.push(close),
    })
  })
  afterAll(async () => {
    for (const close of closing.reverse()) await close()
    await database.drop()
  })

  test('accepts no key after its change was confirmed', () => {
    expect(result.accepted).toEqual([])
    expect(result.afterConfirmation.REVOKED).toBeGreaterThan(0)
    expect(result.confirmed).toBeGreaterThan(0)
  })

  test('takes no step that the step functions do not explain', async () => {
    const { count, unexplained } = await replay(result.written, { learn, confirm })
    expect(unexplained).toEqual([])
    expect(count).toBeGreaterThan(0)
  })

  /** The step functions without what they do about one kind of event. */
  const without: Record<string, (kind: string) => Steps> = {
    learn: (kind) => ({
      learn: (state, event, id) => (event.kind === kind ? { state, effects: [] } : learn(state, event, id)),
      confirm,
    }),
    confirm: (kind) => ({
      learn,
      confirm: (state, event, nowMs) =>
        event.kind === kind ? { state, effects: [] } : confirm(state, event, nowMs),
    }),
  }

  test.each([
    ...['due', 'renewed', 'page', 'acknowledged', 'notified'].map((kind) => ['learn', kind] as const),
    ...['wanted', 'heard', 'read', 'resolved'].map((kind) => ['confirm', kind] as const),
  ])('is not explained by a %s that does nothing about what is %s', async (by, kind) => {
    const { unexplained } = await replay(result.written, without[by]!(kind))
    expect(unexplained.length).toBeGreaterThan(0)
  })
})
