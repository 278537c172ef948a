import type { Series } from './corpus.ts'

/** What a false alarm and a missed window cost, in units of one window seen at its start. */
export type Profile = { falseAlarm: number; missed: number }
export const profiles = {
  standard: { falseAlarm: 0.11, missed: 1 },
  lowFalse: { falseAlarm: 0.22, missed: 1 },
} satisfies Record<string, Profile>

/** Lavin and Ahmad 2015 (arXiv 1510.03336), equation 1, for weights of one: +1 far before 0, -1 far after. */
const sigmoid = (position: number) => 2 / (1 + Math.exp(5 * position)) - 1

/** Rows in which nothing is scored: 15 % of a series, at most 750. */
const probation = (series: Series) => Math.floor(Math.min(0.15 * series.times.length, 750))

/** What an alert at a row inside a window earns, by how early it is: 1 at its first row. */
function earned({ first, last }: { first: number; last: number }, row: number): number {
  const rows = last - first + 1
  return sigmoid(-(last - row + 1) / rows) / sigmoid(-1)
}

/** What a false alarm costs before weights: little just after a window, 1 far from any. */
function costs(series: Series, row: number): number {
  const before = series.windows.findLast(({ last }) => last < row)
  if (!before) return -1
  const position = (row - before.last) / (before.last - before.first)
  return position > 3 ? -1 : sigmoid(position)
}

/** The sums of which a score is made, so that many thresholds are quick to try. */
export type Parts = {
  windows: number
  live: number
  earned: number
  seen: number
  cost: number
  falseRows: number
}

/** Adds up one series; `alerts` are rows. A window counts once, by its first alert. */
export function judge(series: Series, alerts: readonly number[]): Parts {
  const from = probation(series)
  const scored = alerts.filter((row) => row >= from)
  const inside = (row: number) => series.windows.some(({ first, last }) => row >= first && row <= last)
  const live = series.windows.filter(({ last }) => last >= from)
  const hits = live.flatMap((window) => {
    const hit = scored.find((row) => row >= window.first && row <= window.last)
    return hit === undefined ? [] : [earned(window, hit)]
  })
  const wrong = scored.filter((row) => !inside(row))
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
  return {
    windows: series.windows.length,
    live: live.length,
    earned: sum(hits),
    seen: hits.length,
    cost: sum(wrong.map((row) => costs(series, row))),
    falseRows: wrong.length,
  }
}

/** The benchmark's figure over a corpus: 100 is every window at its first row and no false alarm, 0 is silence. */
export function normalised(all: readonly Parts[], { falseAlarm, missed }: Profile): number {
  const sum = (of: (parts: Parts) => number) => all.reduce((total, parts) => total + of(parts), 0)
  const live = sum((p) => p.live)
  const raw = sum((p) => p.earned + falseAlarm * p.cost) - missed * (live - sum((p) => p.seen))
  return (100 * (raw + missed * live)) / (sum((p) => p.windows) + missed * live)
}
