import { day, length } from './calendar.ts'
import type { Random } from './random.ts'
import type { Traffic } from './traffic.ts'

const harmlessKinds = ['deploy', 'monthly', 'holiday'] as const

/** Something that happened, from its first to its last bucket. */
export type Event<Kind extends string> = { kind: Kind; start: number; end: number }
export type Harmless = Event<(typeof harmlessKinds)[number]>

/** Everybody's holiday. */
const holidayStart = 24 * day

/** Perhaps draws one thing that changes the traffic and that nobody wants to hear of; changes the rates. */
export function drawHarmless(random: Random, traffic: Traffic): Harmless[] {
  if (random.uniform() >= 0.6) return []
  const kind = random.pick(harmlessKinds)
  if (kind === 'deploy') return [deploy(random, traffic)]
  if (kind === 'monthly' && traffic.shape !== 'cron') return monthly(random, traffic)
  if (kind === 'holiday' && traffic.shape === 'diurnal') return holiday(random, traffic)
  return []
}

/** A new version asks a little more or less often, from now on. Counted as the event for a week. */
function deploy(random: Random, { rate, born }: Traffic): Harmless {
  const start = random.integer(Math.max(14 * day, born + 5 * day), length - 3 * day)
  const factor = random.uniform() < 0.75 ? random.uniform(1.1, 1.5) : random.uniform(0.65, 0.9)
  for (let i = start; i < length; i++) rate[i]! *= factor
  return { kind: 'deploy', start, end: Math.min(length - 1, start + 7 * day) }
}

/** One or two hours of a batch at two to four times the peak, every four weeks. */
function monthly(random: Random, { rate, born, shape, archetype, peak, shareAt }: Traffic): Harmless[] {
  const first = random.integer(0, 27) * day + random.integer(0, 250)
  const factor = random.uniform(2, 4)
  const lasts = random.integer(12, 24)
  const top = shape === 'bursty' ? rate.subarray(born).reduce((a, b) => Math.max(a, b), 0) / 4 : peak
  const events: Harmless[] = []
  for (let start = first; start < length; start += 28 * day) {
    if (start <= born + 3 * day) continue
    for (let i = start; i < Math.min(length, start + lasts); i++) {
      // What a growing key has grown by until now, its batch has too.
      const grown = archetype === 'growing' ? rate[start]! / Math.max(1e-9, peak * shareAt(start)) : 1
      rate[i] = Math.max(rate[i]!, top * factor * grown)
    }
    if (start >= 7 * day) events.push({ kind: 'monthly', start, end: Math.min(length - 1, start + lasts) })
  }
  return events
}

function holiday(random: Random, { rate, born }: Traffic): Harmless[] {
  const factor = random.uniform(0.3, 0.5)
  if (holidayStart <= born) return []
  for (let i = holidayStart; i < holidayStart + day; i++) rate[i]! *= factor
  return [{ kind: 'holiday', start: holidayStart, end: holidayStart + day }]
}
