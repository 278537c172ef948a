import { day, length } from './calendar.ts'
import type { Event, Harmless } from './harmless.ts'
import type { Random } from './random.ts'
import { localHour, type Traffic } from './traffic.ts'

export const incidentKinds = ['leak', 'slowburn', 'night', 'newsource', 'errburst', 'drop'] as const
export type IncidentKind = (typeof incidentKinds)[number]
export type Incident = Event<IncidentKind>

/** A key whose events are being drawn. */
export type Subject = Traffic & {
  /** The mean rate since the key exists, before any event. */
  mean: number
  /** The share of requests that fail, in ordinary times and by bucket. */
  ordinaryErrors: number
  errorShare: Float64Array
}

/** Which incidents mean something on this traffic. */
function possible({ shape, nightShare, mean }: Subject): IncidentKind[] {
  const even = shape === 'steady' || shape === 'diurnal'
  return incidentKinds.filter((kind) => {
    if (kind === 'night') return shape === 'diurnal' && nightShare < 0.25
    if (kind === 'drop') return even && mean >= 5
    return kind !== 'newsource' || shape !== 'cron'
  })
}

/**
 * Perhaps draws one incident and changes the rates: never in the first two weeks, nor in a key's first week, nor
 * within a day of a harmless event.
 */
export function drawIncident(random: Random, subject: Subject, harmless: readonly Harmless[]): Incident[] {
  if (random.uniform() >= 0.5) return []
  const kind = random.pick(possible(subject))
  const earliest = Math.max(14 * day, subject.born + 7 * day)
  if (earliest >= length - 9 * day) return []
  for (let attempt = 0; attempt < 30; attempt++) {
    const when = place(kind, random, subject, random.integer(earliest, length - 8 * day))
    if (!when || harmless.some((h) => when.start < h.end + day && when.end > h.start - day)) continue
    if (apply[kind](random, subject, when.start, when.end)) return [{ kind, ...when }]
  }
  return []
}

type Span = { start: number; end: number }

function place(kind: IncidentKind, random: Random, subject: Subject, from: number): Span | undefined {
  const lasting = (low: number, high: number) => ({ start: from, end: from + random.integer(low, high) })
  if (kind === 'leak') return lasting(6, 72)
  if (kind === 'slowburn') return lasting(3 * day, 7 * day)
  if (kind === 'newsource') return lasting(144, 864)
  if (kind === 'errburst') return lasting(3, 24)
  if (kind === 'drop') return subject.rate[from]! < 3 ? undefined : lasting(12, 144)
  let start = from
  while (!(localHour(subject, start) >= 1 && localHour(subject, start) < 3)) start++
  return { start, end: start + random.integer(18, 48) }
}

type Apply = (random: Random, subject: Subject, start: number, end: number) => boolean

/** What each incident does to the rates; false when it came out too small to be one. */
const apply: Record<IncidentKind, Apply> = {
  leak(random, { rate, mean }, start, end) {
    const added = Math.max(2, (random.logUniform(5, 50) - 1) * mean)
    for (let i = start; i <= end; i++) rate[i]! += added
    return true
  },
  slowburn(random, { rate, mean }, start, end) {
    const factor = random.uniform(2, 3)
    const rise = random.integer(day, 3 * day)
    for (let i = start; i <= end; i++) rate[i]! += mean * (factor - 1) * Math.min(1, (i - start) / rise)
    return true
  },
  newsource(random, { rate, mean }, start, end) {
    const factor = random.uniform(1, 3)
    for (let i = start; i <= end; i++) rate[i]! += mean * factor
    return true
  },
  night(random, { rate, mean, peak, archetype }, start, end) {
    const grown = archetype === 'growing' ? mean / (peak * 0.4) : 1
    const level = peak * random.uniform(0.3, 1) * grown
    for (let i = start; i <= end; i++) rate[i] = Math.max(rate[i]!, level)
    return true
  },
  errburst(random, { rate, ordinaryErrors, errorShare }, start, end) {
    const share = random.uniform(0.2, 0.8)
    const more = random.uniform(1, 1.3)
    let requests = 0
    for (let i = start; i <= end; i++) {
      errorShare[i] = share
      rate[i]! *= more
      requests += rate[i]!
    }
    if (requests * share >= 15) return true
    errorShare.fill(ordinaryErrors, start, end + 1)
    return false
  },
  drop(_random, { rate }, start, end) {
    rate.fill(0, start, end + 1)
    return true
  },
}
