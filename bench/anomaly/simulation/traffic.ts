import { day, length } from './calendar.ts'
import type { Random } from './random.ts'

/** What a key is used for. Only the simulation knows it; a detector never does. */
export type Archetype = 'steady' | 'diurnal' | 'cron' | 'bursty' | 'growing' | 'fresh'
type Shape = 'steady' | 'diurnal' | 'cron' | 'bursty'

const shares: readonly (readonly [Archetype, number])[] = [
  ['steady', 0.2],
  ['diurnal', 0.3],
  ['cron', 0.15],
  ['bursty', 0.15],
  ['growing', 0.1],
  ['fresh', 0.1],
]

/** A key's ordinary traffic: the rate of each bucket before events, and what the events need to know of it. */
export type Traffic = {
  archetype: Archetype
  shape: Shape
  /** The first bucket in which the key exists. */
  born: number
  /** Expected requests in each bucket. */
  rate: Float64Array
  /** The rate of the busiest hour, before growth. */
  peak: number
  /** Night traffic as a share of the peak (diurnal keys). */
  nightShare: number
  /** Hours by which the key's clock is ahead of UTC. */
  hoursAhead: number
  /** Relative variance of one bucket beyond Poisson. */
  dispersion: number
  /** Share of the peak at a bucket by the time of day and week. */
  shareAt(bucket: number): number
}

/** The hour of the key's own day. */
export const localHour = (traffic: Pick<Traffic, 'hoursAhead'>, bucket: number) =>
  (bucket / 12 + traffic.hoursAhead) % 24

function drawArchetype(random: Random): Archetype {
  let left = random.uniform()
  for (const [archetype, share] of shares) {
    if (left < share) return archetype
    left -= share
  }
  return 'fresh'
}

/** Draws a key's ordinary traffic. The order of the draws is part of the seed's meaning. */
export function drawTraffic(random: Random): Traffic {
  const archetype = drawArchetype(random)
  const rate = new Float64Array(length)
  const born = archetype === 'fresh' ? random.integer(10, 40) * day + random.integer(0, day - 1) : 0
  let dispersion = random.logUniform(0.005, 0.08)
  let drift = random.uniform(0.03, 0.15)
  const shape: Shape =
    archetype === 'growing' || archetype === 'fresh' ? random.pick(['steady', 'diurnal']) : archetype
  const hoursAhead = random.uniform(0, 24)
  const nightShare = random.logUniform(0.02, 0.4)
  const weekendShare = random.uniform(0.1, 0.9)
  const peak = random.logUniform(5, 2000)
  const shareAt = shape === 'diurnal' ? workingDay(hoursAhead, nightShare, weekendShare) : () => 1

  if (shape === 'steady' || shape === 'diurnal') {
    rate.fill(1)
    scale(rate, (i) => peak * shareAt(i))
  }
  if (shape === 'cron') {
    runRegularly(rate, random)
    dispersion = 0.01
    drift = 0.05
  }
  if (shape === 'bursty') {
    runInBursts(rate, random)
    dispersion = 0.05
  }
  if (archetype === 'growing') {
    const factor = random.logUniform(2, 6)
    scale(rate, (i) => factor ** (i / length))
  }
  if (archetype === 'fresh') scale(rate, (i) => ramp(i - born))
  wander(rate, drift, random)
  return { archetype, shape, born, rate, peak, nightShare, hoursAhead, dispersion, shareAt }
}

function scale(rate: Float64Array, factor: (bucket: number) => number): void {
  for (let i = 0; i < rate.length; i++) rate[i]! *= factor(i)
}

/** A new key reaches its full traffic in three days. */
const ramp = (age: number) => (age < 0 ? 0 : Math.min(1, 0.1 + (0.9 * age) / (3 * day)))

function workingDay(hoursAhead: number, nightShare: number, weekendShare: number) {
  return (bucket: number) => {
    const hours = bucket / 12 + hoursAhead
    const bell = Math.exp(-0.5 * (((hours % 24) - 13) / 3.6) ** 2)
    const weekend = Math.floor(hours / 24) % 7 >= 5
    return (nightShare + (1 - nightShare) * bell) * (weekend ? weekendShare : 1)
  }
}

/** A job on a timer; one run in ten is a bucket late. */
function runRegularly(rate: Float64Array, random: Random): void {
  const every = random.pick([3, 6, 12, 72, 288])
  const offset = random.integer(0, every - 1)
  const size = random.logUniform(1, 200)
  for (let i = offset; i < length; i += every) {
    const start = Math.min(length - 1, i + (random.uniform() < 0.1 ? 1 : 0))
    rate[start]! += size
  }
}

/** Half an hour of work, now and then, of very different sizes. */
function runInBursts(rate: Float64Array, random: Random): void {
  const base = random.pick([0, 0.2, 2])
  const perDay = random.uniform(0.5, 3)
  const logSize = Math.log(random.logUniform(20, 800))
  const spread = random.uniform(0.3, 0.8)
  rate.fill(base)
  for (let start = 0; ; ) {
    start += (-Math.log(1 - random.uniform()) / perDay) * day
    if (start >= length) return
    const lasts = Math.max(1, Math.round(Math.exp(Math.log(6) + 0.7 * random.normal())))
    const size = Math.exp(logSize + spread * random.normal())
    for (let j = 0; j < lasts && start + j < length; j++) rate[Math.floor(start) + j]! += size
  }
}

/** Slow wandering around the ordinary (hours), and rarely a single higher bucket. */
function wander(rate: Float64Array, drift: number, random: Random): void {
  const memory = 0.99
  let level = 0
  for (let i = 0; i < length; i++) {
    level = memory * level + Math.sqrt(1 - memory * memory) * drift * random.normal()
    rate[i]! *= Math.exp(level - (drift * drift) / 2)
    if (rate[i]! > 0 && random.uniform() < 0.0003) rate[i]! *= random.uniform(1.3, 2)
  }
}
