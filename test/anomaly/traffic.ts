import { createRandom } from '../../bench/anomaly/simulation/random.ts'
import { newState } from '../../src/anomaly/detector/state.ts'
import { type Bucket, type Reading, step } from '../../src/anomaly/detector/step.ts'

/** Monday 2026-01-05 00:00 UTC. */
export const monday = 1767571200
export const day = 288
export const hour = 12

export type Count = { count: number; errors?: number; expected?: boolean }

export const bucketOf = (index: number, seen: Count, offsetSeconds = 0): Bucket => ({
  at: monday + index * 300,
  count: seen.count,
  errors: seen.errors ?? 0,
  offsetSeconds,
  expected: seen.expected ?? false,
})

type Alert = Reading & { index: number }

/** Runs a key through `days` days of traffic; `traffic` gives a bucket's mean, the counts are Poisson around it. */
export function live(
  days: number,
  traffic: (index: number) => number,
  change: (index: number) => Partial<Count> = () => ({}),
) {
  const random = createRandom(5)
  const state = newState()
  const alerts: Alert[] = []
  for (let index = 0; index < days * day; index++) {
    const usual = random.poisson(traffic(index))
    const reading = step(state, bucketOf(index, { count: usual, ...change(index) }))
    if (reading?.alert) alerts.push({ ...reading, index })
  }
  return { state, alerts }
}

/** Office hours: a peak at one o'clock, a twentieth of it at night. */
export const office = (peak: number) => (index: number) =>
  peak * (0.05 + 0.95 * Math.exp(-0.5 * ((((index / 12) % 24) - 13) / 3.6) ** 2))

export const between = (index: number, from: number, length: number) => index >= from && index < from + length
