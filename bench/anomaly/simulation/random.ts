/** Numbers that look random and are the same for the same seed. */
export type Random = {
  uniform(low?: number, high?: number): number
  /** Uniform in its logarithm. */
  logUniform(low: number, high: number): number
  /** Both ends included. */
  integer(low: number, high: number): number
  pick<T>(choices: readonly T[]): T
  normal(): number
  gamma(shape: number): number
  poisson(mean: number): number
  binomial(trials: number, probability: number): number
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough to draw traffic. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = ((state | 0) + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A seeded source: Box-Muller normals, gammas after Marsaglia and Tsang (2000), Poisson after Knuth below 30. */
export function createRandom(seed: number): Random {
  const next = mulberry32(seed)
  for (let warmUp = 0; warmUp < 4; warmUp++) next()
  const uniform = (low = 0, high = 1) => low + (high - low) * next()
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(6.283185307179586 * next())
  const poisson = (mean: number) => (mean > 30 ? rounded(mean, mean, normal) : countedPoisson(mean, next))
  return {
    uniform,
    normal,
    poisson,
    logUniform: (low, high) => Math.exp(uniform(Math.log(low), Math.log(high))),
    integer: (low, high) => Math.floor(uniform(low, high + 1)),
    pick: (choices) => choices[Math.floor(next() * choices.length)]!,
    gamma: (shape) => gamma(shape, next, normal),
    binomial(trials, probability) {
      const mean = trials * probability
      if (!(mean > 0)) return 0
      if (mean > 30 || trials > 200) {
        // Drawn even where Poisson answers: the same seed must stay the same fleet.
        const near = rounded(mean, mean * (1 - probability), normal)
        return Math.min(trials, mean > 30 ? near : poisson(mean))
      }
      let hits = 0
      for (let trial = 0; trial < trials; trial++) if (next() < probability) hits++
      return hits
    },
  }
}

const rounded = (mean: number, variance: number, normal: () => number) =>
  Math.max(0, Math.round(mean + Math.sqrt(variance) * normal()))

function countedPoisson(mean: number, next: () => number): number {
  if (mean <= 0) return 0
  const limit = Math.exp(-mean)
  let count = -1
  for (let product = 1; count < 0 || product > limit; count++) product *= next()
  return count
}

function gamma(shape: number, next: () => number, normal: () => number): number {
  if (shape < 1) return gamma(shape + 1, next, normal) * (1 - next()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}
