import { dayBuckets, errorEvidence, errorLift, errorMemory } from './constants.ts'
import type { KeyState } from './state.ts'

/** Evidence beyond this says no more, and would take long to go. */
const maxEvidence = 60

/**
 * Errors against the key's own share of errors: Page's cumulative sum (1954) of the binomial likelihood ratio of
 * "15 points more than twice the usual" to "twice the usual". Suspicious buckets do not teach. Only a bucket that adds to
 * the sum is strange: a daily job takes days to bring it down again, and days after an incident nothing is news.
 */
export function errors(state: KeyState, count: number, failed: number): number {
  if (count <= 0) return 0
  const usual = (state.errors + 0.2) / (state.requests + 20)
  const bearable = Math.min(0.5, Math.max(0.02, 2 * usual))
  const bad = Math.min(0.9, bearable + errorLift)
  const learning = state.seen <= dayBuckets
  let adds = false
  if (!learning) {
    const ratio = failed * Math.log(bad / bearable) + (count - failed) * Math.log((1 - bad) / (1 - bearable))
    adds = ratio > 0
    state.errorEvidence = Math.max(0, Math.min(maxEvidence, state.errorEvidence + ratio))
  }
  const keep = Math.exp(-1 / errorMemory)
  const teaches = state.errorEvidence < 3 ? 1 : 0
  state.errors = keep * (state.errors + teaches * failed)
  state.requests = keep * (state.requests + teaches * count)
  return adds ? state.errorEvidence / errorEvidence : 0
}
