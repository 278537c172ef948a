import { newState } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import type { Contender } from './contender.ts'
import { watchSources } from './simulation/source-watch.ts'

/** The product's detector as it sends messages: its own quiet times, and jobs held back until they outlast a batch. */
export const keywarden: Contender = {
  threshold: 1,
  create() {
    const state = newState()
    const watch = watchSources(state)
    return ({ sources, ...seen }) => {
      const found = sources && watch(sources.bucket, seen.at, sources.usual, sources.rows)
      const reading = step(state, { ...seen, offsetSeconds: 0 })
      if (found) return { score: 1, second: found.second, reason: found.verdict.reason }
      return reading?.alert ? { score: Math.max(1, reading.score), reason: reading.reason } : 0
    }
  },
}

/** The same code and constants, asked how strange every bucket is: what NAB's rules want to know. */
export const keywardenScore: Contender = {
  threshold: 1,
  create() {
    const state = newState()
    return (seen) => step(state, { ...seen, offsetSeconds: 0 })?.score ?? 0
  },
}
