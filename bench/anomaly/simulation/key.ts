import { length } from './calendar.ts'
import { drawHarmless, type Harmless } from './harmless.ts'
import { drawIncident, type Incident, type Subject } from './incidents.ts'
import { createRandom, type Random } from './random.ts'
import { type Archetype, drawTraffic } from './traffic.ts'

/** One simulated key: what a detector may see (counts, errors), and the truth it must not. */
export type SimulatedKey = {
  archetype: Archetype
  born: number
  counts: Float64Array
  errors: Float64Array
  incidents: Incident[]
  harmless: Harmless[]
}

/** Key `number` of the fleet `seed`. Each has its own random stream: a larger fleet begins with the smaller one. */
export function makeKey(seed: number, number: number): SimulatedKey {
  const random = createRandom(((seed * 2654435761) ^ ((number + 1) * 0x9e3779b9)) | 0)
  const traffic = drawTraffic(random)
  const ordinaryErrors = random.logUniform(0.001, 0.03)
  const errorShare = new Float64Array(length).fill(ordinaryErrors)
  const lived = traffic.rate.subarray(traffic.born)
  const mean = lived.reduce((sum, rate) => sum + rate, 0) / Math.max(1, lived.length)
  const subject = { ...traffic, mean, ordinaryErrors, errorShare }
  const harmless = drawHarmless(random, traffic)
  const incidents = drawIncident(random, subject, harmless)
  const { archetype, born } = traffic
  return { archetype, born, incidents, harmless, ...drawCounts(random, subject) }
}

function drawCounts(random: Random, { rate, dispersion, errorShare }: Subject) {
  const counts = new Float64Array(length)
  const errors = new Float64Array(length)
  const shape = 1 / dispersion
  for (let i = 0; i < length; i++) {
    if (rate[i]! <= 0) continue
    counts[i] = random.poisson((rate[i]! * random.gamma(shape)) / shape)
    errors[i] = random.binomial(counts[i]!, errorShare[i]!)
  }
  return { counts, errors }
}
