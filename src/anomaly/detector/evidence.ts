import type { Suspicion } from './reason.ts'

/** Evidence of the last sixty minutes that counts alone cannot show. Absent where it is not kept. */
export type Evidence = {
  /** Requests from networks or clients that this key had never been used from until a day ago. */
  fromNewSources: number
  /** Requests refused because the key lacks the scope. */
  refusedScope: number
}

/** A client with a wrong scope asks now and then; ten times in an hour is somebody probing. */
const refusals = 10

/** Scores the evidence; new sources are judged as they are counted, and say here only how severe something is. */
export const weigh = ({ refusedScope }: Evidence): Suspicion => ({
  reason: 'probing',
  score: refusedScope / refusals,
})
