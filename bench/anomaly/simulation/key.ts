import { length } from './calendar.ts'
import { drawHarmless, type Harmless } from './harmless.ts'
import { drawIncident, type Incident, type Subject } from './incidents.ts'
import { createRandom, type Random } from './random.ts'
import { drawSources, type Sources } from './sources.ts'
import { type Archetype, drawTraffic } from './traffic.ts'

/** One simulated key: what a detector may see (counts, errors, sources), and the truth it must not. */
export type SimulatedKey = {
  sources: Sources
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
  const before = traffic.rate.slice()
  const incidents = drawIncident(random, subject, harmless)
  const { archetype, born } = traffic
  const { counts, errors } = drawCounts(random, subject)
  const added = (i: number) => Math.max(0, 1 - before[i]! / traffic.rate[i]!)
  // A stream of its own: the counts of a seed are those they were without sources.
  const sources = drawSources(createRandom((seed * 40503) ^ ((number + 1) * 0x85ebca6b)), {
    ...{ traffic, counts, added, incidents, harmless },
  })
  return { archetype, born, incidents, harmless, counts, errors, sources }
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
