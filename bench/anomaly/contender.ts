import type { Reason } from '../../src/anomaly/detector/reason.ts'
import type { Row, Usual } from './simulation/sources.ts'

/** What a yardstick measures: a detector of one key. */
type Observation = {
  /** Start of the bucket, seconds since 1970. */
  at: number
  count: number
  errors: number
  /** A declared job runs now. */
  expected: boolean
  /** where the requests came from, in a simulation: the bucket's number, the usual sources, and those that may be new */
  sources?: { bucket: number; usual: Usual | undefined; rows: readonly Row[] }
}

/** How suspicious a bucket is, why, and how many seconds into it that was known. */
export type Heard = { score: number; reason: Reason; second?: number }

/** How suspicious this bucket is; at the contender's threshold and above a message would be sent. */
export type Contender = {
  threshold: number
  /** The monthly jobs of the fleet are declared to it. */
  knowsJobs?: boolean
  create(): (seen: Observation) => number | Heard
}

export const scoreOf = (said: number | Heard): number => (typeof said === 'number' ? said : said.score)
