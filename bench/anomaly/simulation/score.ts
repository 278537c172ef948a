import type { Reason } from '../../../src/anomaly/detector/reason.ts'
import { bucketSeconds, day, length, week } from './calendar.ts'
import { type IncidentKind, incidentKinds } from './incidents.ts'
import type { SimulatedKey } from './key.ts'
import { timesOf } from './source-watch.ts'
import type { Origin } from './sources.ts'

/** An alert just after an incident's end still counts as having seen it. */
const graceBuckets = 3

type Seen = { incidents: number; seen: number; placebo: number; delays: number[] }

/** A message: in which bucket, how far into it, and why if its sender says so. */
export type Message = { bucket: number; second: number; reason: Reason | undefined }

/** What a detector said about a fleet, added up key by key. */
export type Tally = {
  keyWeeks: number
  falseAlarms: number
  /** false alarms by reason; those on harmless events apart */
  falseBy: Map<string, number>
  /** false alarms within a day of a harmless change of sources, which are among the false alarms */
  falseOnChurn: Map<string, number>
  persons: { incidents: number; seen: number }
  /** leaks by where they came from, those of keys of bursts apart; with delays in seconds since the first request */
  origins: Record<Origin, { all: OfOrigin; bursty: OfOrigin }>
  falseOnHarmless: number
  kinds: Record<IncidentKind, Seen>
  byArchetype: Map<string, { keyWeeks: number; falseAlarms: number }>
}

type OfOrigin = { leaks: number; seen: number; delays: number[] }
const emptyOrigin = () => ({
  all: { leaks: 0, seen: 0, delays: [] },
  bursty: { leaks: 0, seen: 0, delays: [] },
})

export const emptyTally = (): Tally => ({
  keyWeeks: 0,
  falseAlarms: 0,
  falseBy: new Map(),
  falseOnChurn: new Map(),
  persons: { incidents: 0, seen: 0 },
  origins: {
    ...{ new: emptyOrigin(), 'new-network': emptyOrigin() },
    ...{ 'shared-egress': emptyOrigin(), same: emptyOrigin() },
  },
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
export function tally(sum: Tally, key: SimulatedKey, messages: readonly Message[]): void {
  const alerts = messages.map(({ bucket }) => bucket)
  const between = (from: number, to: number) => alerts.find((a) => a >= from && a <= to)
  tallyOrigins(sum, key, messages)
  for (const { start, end } of key.sources.persons) {
    sum.persons.incidents++
    if (messages.some((m) => m.reason === 'person' && m.bucket >= start && m.bucket <= end + graceBuckets))
      sum.persons.seen++
  }
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
  const incidents = [...key.incidents, ...key.sources.persons]
  const ofIncident = (a: number) => incidents.some((i) => a >= i.start && a <= i.end + day)
  const wrong = alerts.filter((a) => a >= judgedFrom(key) && !ofIncident(a))
  const isHarmless = (a: number) => key.harmless.some((h) => a >= h.start && a <= h.end)
  for (const { bucket, reason = 'none' } of messages)
    if (wrong.includes(bucket) && !isHarmless(bucket))
      sum.falseBy.set(reason, (sum.falseBy.get(reason) ?? 0) + 1)
  for (const { kind, start, end } of key.sources.churn)
    if (wrong.some((a) => a >= start && a <= end))
      sum.falseOnChurn.set(kind, (sum.falseOnChurn.get(kind) ?? 0) + 1)
  const archetype = sum.byArchetype.get(key.archetype) ?? { keyWeeks: 0, falseAlarms: 0 }
  sum.byArchetype.set(key.archetype, archetype)
  for (const part of [sum, archetype]) {
    part.keyWeeks += keyWeeks
    part.falseAlarms += wrong.length
  }
  sum.falseOnHarmless += wrong.filter(isHarmless).length
}

function tallyOrigins(sum: Tally, key: SimulatedKey, messages: readonly Message[]): void {
  const { origin, rows } = key.sources
  for (const { kind, start, end } of key.incidents) {
    if (kind !== 'leak' || !origin) continue
    const parts = sum.origins[origin]
    const first = messages.find(({ bucket }) => bucket >= start && bucket <= end + graceBuckets)
    const begun = firstRequest(rows, start, end)
    for (const part of key.archetype === 'bursty' ? [parts.all, parts.bursty] : [parts.all]) {
      part.leaks++
      if (!first) continue
      part.seen++
      if (begun !== undefined) part.delays.push(first.bucket * bucketSeconds + first.second - begun)
    }
  }
}

function firstRequest(rows: SimulatedKey['sources']['rows'], start: number, end: number): number | undefined {
  for (let bucket = start; bucket <= end; bucket++) {
    const [row] = rows.get(bucket) ?? []
    if (row) return timesOf(row, bucket)[0]
  }
  return undefined
}

export const percentileOf = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Infinity

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Infinity
const share = (part: number, whole: number) => (whole ? part / whole : 0)

/** Figures as the table shows them: rates per 1,000 key-weeks, delays in minutes. */
export function report({ keyWeeks, falseAlarms, falseOnHarmless, kinds, byArchetype, ...sources }: Tally) {
  const all = Object.values(kinds)
  const total = (of: (seen: Seen) => number) => all.reduce((sum, seen) => sum + of(seen), 0)
  const per1000 = (alarms: number, per = keyWeeks) => share(1000 * alarms, per)
  const rates = (counts: ReadonlyMap<string, number>): Record<string, number> =>
    Object.fromEntries([...counts].map(([name, n]) => [name, per1000(n)]))
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
    falseBy: rates(sources.falseBy),
    falseOnChurn: rates(sources.falseOnChurn),
    persons: { ...sources.persons, recall: share(sources.persons.seen, sources.persons.incidents) },
    origins: sources.origins,
    delay: median(all.flatMap((k) => k.delays)),
    delayOf: byKind((k) => median(k.delays)),
    falseOf: Object.fromEntries([...byArchetype].map(([a, v]) => [a, per1000(v.falseAlarms, v.keyWeeks)])),
  }
}
export type Report = ReturnType<typeof report>
