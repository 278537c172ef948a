import type { Contender } from './contender.ts'

/** Buckets in a day: how long both look before they speak. */
const day = 288

/** Three times the mean of the last 24 hours: what a dashboard alert usually is. */
const threeTimesTheMean: Contender = {
  threshold: 3,
  create() {
    const ring = new Float64Array(day)
    let seen = 0
    let sum = 0
    return ({ count }) => {
      const mean = seen ? sum / Math.min(seen, day) : 0
      const ratio = seen >= day && count >= 10 && mean < count ? count / mean : 0
      sum += count - ring[seen % day]!
      ring[seen++ % day] = count
      // "More than" three times: exactly three is not.
      return ratio > 3 ? ratio : Math.min(ratio, 2.999)
    }
  },
}

/** Exponentially weighted mean and variance (Roberts, 1959), alert above eight standard deviations. */
const weightedMean: Contender = {
  threshold: 8,
  create() {
    let mean = 0
    let variance = 0
    let seen = 0
    return ({ count }) => {
      const deviation = count - mean
      const z = seen > day ? deviation / Math.sqrt(variance + 1) : 0
      const weight = Math.max(0.002, 1 / ++seen)
      mean += weight * deviation
      variance = (1 - weight) * (variance + weight * deviation * deviation)
      return z
    }
  },
}

/** Two detectors to beat. */
export const baselines = { '3 x trailing mean': threeTimesTheMean, 'EWMA, z > 8': weightedMean }
