import { bucketSeconds, day, length, week } from './calendar.ts'
import { type IncidentKind, incidentKinds } from './incidents.ts'
import type { SimulatedKey } from './key.ts'

/** An alert just after an incident's end still counts as having seen it. */
const graceBuckets = 3

type Seen = { incidents: number; seen: number; placebo: number; delays: number[] }

/** What a detector said about a fleet, added up key by key. */
export type Tally = {
  keyWeeks: number
  falseAlarms: number
  falseOnHarmless: number
  kinds: Record<IncidentKind, Seen>
  byArchetype: Map<string, { keyWeeks: number; falseAlarms: number }>
}

export const emptyTally = (): Tally => ({
  keyWeeks: 0,
  falseAlarms: 0,
  falseOnHarmless: 0,
  kinds: Object.fromEntries(
    incidentKinds.map((kind) => [kind, { incidents: 0, seen: 0, placebo: 0, delays: [] as number[] }]),
  ) as Record<IncidentKind, Seen>,
  byArchetype: new Map(),
})

/** The first bucket of which alerts count: nobody learns a week's rhythm in less than a week. */
export const judgedFrom = (key: SimulatedKey) => Math.max(week, key.born)

/**
 * Adds one key. `alerts` are the buckets of its messages in order. Alerts during an incident and the day after are
 * not false. Placebo: the incident's window one week earlier, which says how much of a recall is luck.
 */
export function tally(sum: Tally, key: SimulatedKey, alerts: readonly number[]): void {
  const between = (from: number, to: number) => alerts.find((a) => a >= from && a <= to)
  for (const { kind, start, end } of key.incidents) {
    const kindSum = sum.kinds[kind]
    kindSum.incidents++
    const first = between(start, end + graceBuckets)
    if (first !== undefined) {
      kindSum.seen++
      kindSum.delays.push(((first - start + 1) * bucketSeconds) / 60)
    }
    if (between(start - week, end + graceBuckets - week) !== undefined) kindSum.placebo++
  }
  const keyWeeks = (length - judgedFrom(key)) / week
  const ofIncident = (a: number) => key.incidents.some((i) => a >= i.start && a <= i.end + day)
  const wrong = alerts.filter((a) => a >= judgedFrom(key) && !ofIncident(a))
  const archetype = sum.byArchetype.get(key.archetype) ?? { keyWeeks: 0, falseAlarms: 0 }
  sum.byArchetype.set(key.archetype, archetype)
  for (const part of [sum, archetype]) {
    part.keyWeeks += keyWeeks
    part.falseAlarms += wrong.length
  }
  sum.falseOnHarmless += wrong.filter((a) => key.harmless.some((h) => a >= h.start && a <= h.end)).length
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Infinity
const share = (part: number, whole: number) => (whole ? part / whole : 0)

/** Figures as the table shows them: rates per 1,000 key-weeks, delays in minutes. */
export function report({ keyWeeks, falseAlarms, falseOnHarmless, kinds, byArchetype }: Tally) {
  const all = Object.values(kinds)
  const total = (of: (seen: Seen) => number) => all.reduce((sum, seen) => sum + of(seen), 0)
  const per1000 = (alarms: number, per = keyWeeks) => share(1000 * alarms, per)
  const byKind = (of: (seen: Seen) => number) =>
    Object.fromEntries(incidentKinds.map((kind) => [kind, of(kinds[kind])])) as Record<IncidentKind, number>
  return {
    keyWeeks,
    incidents: total((k) => k.incidents),
    recall: share(
      total((k) => k.seen),
      total((k) => k.incidents),
    ),
    placebo: share(
      total((k) => k.placebo),
      total((k) => k.incidents),
    ),
    recallOf: byKind((k) => share(k.seen, k.incidents)),
    countOf: byKind((k) => k.incidents),
    falseOutside: per1000(falseAlarms - falseOnHarmless),
    falseOnHarmless: per1000(falseOnHarmless),
    delay: median(all.flatMap((k) => k.delays)),
    delayOf: byKind((k) => median(k.delays)),
    falseOf: Object.fromEntries([...byArchetype].map(([a, v]) => [a, per1000(v.falseAlarms, v.keyWeeks)])),
  }
}
export type Report = ReturnType<typeof report>
