import { newState } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import type { Contender } from './contender.ts'

/** The product's detector as it sends messages: its own quiet times, and jobs held back until they outlast a batch. */
export const keywarden: Contender = {
  threshold: 1,
  create() {
    const state = newState()
    return (seen) => {
      const reading = step(state, { ...seen, offsetSeconds: 0 })
      return reading?.alert ? Math.max(1, reading.score) : 0
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
