/** What a yardstick measures: a detector of one key. */
type Observation = {
  /** Start of the bucket, seconds since 1970. */
  at: number
  count: number
  errors: number
  /** A declared job runs now. */
  expected: boolean
}

/** How suspicious this bucket is; at the contender's threshold and above a message would be sent. */
export type Contender = {
  threshold: number
  /** The monthly jobs of the fleet are declared to it. */
  knowsJobs?: boolean
  create(): (seen: Observation) => number
}
