import type { RecordedEvent } from '../audit/list.ts'
import type { Mark, UsagePicture, UsageStep } from '../charts/chart.ts'
import type { Incident, IncidentKind } from '../findings/incidents.ts'
import { hourMs } from '../foundation/time.ts'
import type { Range, Window } from '../usage/range.ts'
import type { Traffic } from '../usage/traffic.ts'

/** The time that one bar covers: between 24 and 90 bars, wide enough for a phone. */
const barMs: Record<Range, number> = {
  '24h': hourMs,
  '7d': 6 * hourMs,
  '30d': 24 * hourMs,
  '90d': 24 * hourMs,
}

export type KeyHistory = {
  events: readonly RecordedEvent[]
  incidents: readonly Incident[]
  /** when the key expires, if it does */
  endsAt: Date | null
}

/** The names of the bar's parts. Without reported outcomes we only know that a request was let through. */
const partNames = (outcomes: number): UsagePicture['names'] => ({
  ok: outcomes > 0 ? 'Succeeded' : 'Let through',
  refused: 'Refused',
  failed: 'Failed',
})

/**
 * The requests of one key, or of several together, as a picture. A request that was let through and failed later
 * counts as `failed`, so the parts of a bar add up to its requests.
 */
export function usagePicture(
  traffic: readonly Omit<Traffic, 'keyId'>[],
  range: Range,
  { from, to }: Pick<Window, 'from' | 'to'>,
  timeZone: string,
  history?: KeyHistory,
): UsagePicture {
  const outcomes = traffic.reduce((sum, one) => sum + one.outcomes, 0)
  const fromMs = from.getTime()
  const lastMs = fromMs + Math.ceil((to.getTime() - fromMs) / barMs[range]) * barMs[range]
  const toMs = untilTheEnd(lastMs, fromMs, history?.endsAt ?? null)
  const marks = history ? marksOf(history, to) : []
  return {
    kind: 'usage',
    fromMs,
    toMs,
    countedUntilMs: to.getTime(),
    timeZone,
    steps: upToNow(barsOf(traffic, fromMs, barMs[range]), lastMs, barMs[range]),
    names: partNames(outcomes),
    marks: marks.filter(({ atMs, untilMs = atMs }) => untilMs >= fromMs && atMs <= toMs),
  }
}

/** Extends the axis to an expiry that is near, so that readers see it coming. */
function untilTheEnd(lastMs: number, fromMs: number, endsAt: Date | null): number {
  const soonMs = lastMs + (lastMs - fromMs) / 4
  const endMs = endsAt?.getTime() ?? 0
  return endMs > lastMs && endMs < soonMs ? endMs + (lastMs - fromMs) / 30 : lastMs
}

/** The step that has begun is there too when nothing happened in it yet, so that it is not taken for a silent one. */
function upToNow(bars: UsageStep[], lastMs: number, widthMs: number): UsageStep[] {
  const last = bars.at(-1)
  const begun = { fromMs: lastMs - widthMs, toMs: lastMs, ok: 0, refused: 0, failed: 0 }
  return last && last.fromMs < begun.fromMs ? [...bars, begun] : bars
}

function barsOf(traffic: readonly Omit<Traffic, 'keyId'>[], startMs: number, widthMs: number): UsageStep[] {
  const bars = new Map<number, UsageStep>()
  for (const { at, requests, refused, failed } of traffic) {
    const fromMs = startMs + Math.floor((at.getTime() - startMs) / widthMs) * widthMs
    const bar = bars.get(fromMs) ?? { fromMs, toMs: fromMs + widthMs, ok: 0, refused: 0, failed: 0 }
    bars.set(fromMs, bar)
    bar.ok += requests - refused
    bar.refused += refused
    bar.failed += failed
  }
  // A failed request was let through before; its outcome may fall into a later step than its verify.
  return [...bars.values()]
    .map((bar) => ({
      ...bar,
      failed: Math.min(bar.failed, bar.ok),
      ok: bar.ok - Math.min(bar.failed, bar.ok),
    }))
    .sort((a, b) => a.fromMs - b.fromMs)
}

const eventLabels: Partial<Record<RecordedEvent['event'], string>> = {
  'key.imported': 'Imported',
  'key.revealed': 'Revealed',
  'key.replaced': 'Replaced',
  'key.rotated': 'Rotated',
  'rotation.aborted': 'Rotation aborted',
  'key.deactivated': 'Deactivated',
  'key.activated': 'Activated',
  'key.revoked': 'Revoked',
}

const incidentLabels: Record<IncidentKind, string> = {
  'unusual-use': 'Unusual',
  'shared-key': 'Shared',
  'dead-key-in-use': 'Still presented',
  leaked: 'Leaked',
}

function marksOf({ events, incidents, endsAt }: KeyHistory, now: Date): Mark[] {
  const done = events.flatMap(({ event, at }): Mark[] => {
    const label = eventLabels[event]
    return label ? [{ atMs: at.getTime(), label, tone: 'plain' }] : []
  })
  const unusual = incidents.map(
    ({ kind, from, until }): Mark => ({
      atMs: from.getTime(),
      untilMs: (until ?? now).getTime(),
      label: incidentLabels[kind],
      tone: 'attention',
    }),
  )
  const end: Mark[] = endsAt
    ? [{ atMs: endsAt.getTime(), label: endsAt <= now ? 'Expired' : 'Expires', tone: 'attention' }]
    : []
  return [...done, ...unusual, ...end].sort((a, b) => a.atMs - b.atMs)
}
