import { expect, test } from 'vitest'
import { History } from './lab/history.ts'

test('the checker sees a verify that should have been refused, and no other', () => {
  const history = new History()
  const verify = { keyId: 'k', verifier: 'v', endMs: 99 }
  history.verifies.push({ ...verify, startMs: 10, verdict: 'VALID' })
  history.confirm(['k'], 20)
  history.verifies.push({ ...verify, startMs: 30, verdict: 'REVOKED' })
  expect(history.violations()).toEqual([])
  history.verifies.push({ ...verify, startMs: 21, verdict: 'VALID' })
  expect(history.violations()).toEqual([{ ...verify, startMs: 21, verdict: 'VALID' }])
})
