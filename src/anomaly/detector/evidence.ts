import type { Suspicion } from './reason.ts'
import type { KeyState } from './state.ts'

/** What counts alone cannot show, over the last sixty minutes. Absent where nobody keeps it. */
export type Evidence = {
  /** Requests from networks or clients that this key had never been used from until a day ago. */
  fromNewSources: number
  /** Requests refused because the key lacks the scope. */
  refusedScope: number
}

/** Days after which a key's networks are known. */
const settledDays = 7
/** Half of an hour's requests, and twenty of them: a deploy tests a new address with less. */
const newShare = 0.5
const newRequests = 20
/** A client with a wrong scope asks now and then; ten times in an hour is somebody trying doors. */
const refusals = 10

/** What the evidence says of a key that had `lastHour` requests in the last sixty minutes. */
export function weigh(state: KeyState, evidence: Evidence, lastHour: number): Suspicion[] {
  const share = lastHour > 0 ? evidence.fromNewSources / lastHour : 0
  const settled = state.day - state.firstDay >= settledDays
  return [
    {
      reason: 'new-network',
      score: settled ? Math.min(share / newShare, evidence.fromNewSources / newRequests) : 0,
    },
    { reason: 'probing', score: evidence.refusedScope / refusals },
  ]
}
