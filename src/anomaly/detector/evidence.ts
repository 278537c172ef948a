import type { Suspicion } from './reason.ts'
import type { KeyState } from './state.ts'

/** Evidence of the last sixty minutes that counts alone cannot show. Absent where it is not kept. */
export type Evidence = {
  /** Requests from networks or clients that this key had never been used from until a day ago. */
  fromNewSources: number
  /** Requests refused because the key lacks the scope. */
  refusedScope: number
}

/** Days after which a key's networks are known. */
const learningDays = 7
/** Half of an hour's requests, and twenty of them: a deploy tests a new address with less. */
const newShare = 0.5
const newRequests = 20
/** A client with a wrong scope asks now and then; ten times in an hour is somebody probing. */
const refusals = 10

/** Scores the evidence on a key that had `lastHour` requests in the last sixty minutes. */
export function weigh(state: KeyState, evidence: Evidence, lastHour: number): Suspicion[] {
  const share = lastHour > 0 ? evidence.fromNewSources / lastHour : 0
  const isLearnt = state.day - state.firstDay >= learningDays
  return [
    {
      reason: 'new-network',
      score: isLearnt ? Math.min(share / newShare, evidence.fromNewSources / newRequests) : 0,
    },
    { reason: 'probing', score: evidence.refusedScope / refusals },
  ]
}
