import { expect, test } from 'vitest'
import { type Expectation, isExpected } from '../../src/anomaly/expectations.ts'

const seconds = (iso: string) => Date.parse(iso) / 1000

test('a monthly job over midnight is expected on its night alone, by the clock of the workspace', () => {
  const job: Expectation = {
    id: 'exp_1',
    keyId: 'key_1',
    reason: 'busy-hour',
    declaredBy: 'U1',
    declaredAt: new Date(0),
    kind: 'monthly',
    window: { dayOfMonth: 31, fromMinute: 22 * 60, untilMinute: 3 * 60 },
  }
  const at = (iso: string) => isExpected([job], 'Europe/Berlin', seconds(iso), 'busy-hour')
  // In April, which has thirty days, its night begins on the 30th; Berlin is two hours ahead.
  expect(at('2026-04-30T19:55:00Z')).toBe(false)
  expect(at('2026-04-30T20:00:00Z')).toBe(true)
  expect(at('2026-05-01T00:55:00Z')).toBe(true)
  expect(at('2026-05-01T01:00:00Z')).toBe(false)
  expect(at('2026-04-29T23:00:00Z')).toBe(false)
  expect(at('2026-05-30T23:00:00Z')).toBe(false)
  expect(at('2026-05-31T23:00:00Z')).toBe(true)
  expect(isExpected([job], 'Europe/Berlin', seconds('2026-04-30T21:00:00Z'), 'errors')).toBe(false)
})
