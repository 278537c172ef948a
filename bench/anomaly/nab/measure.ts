import { type Contender, scoreOf } from '../contender.ts'
import { readCorpus, type Series } from './corpus.ts'
import { judge, normalised, profiles } from './score.ts'

/** A contender's score of every row of a series: counts as they are, no errors, the clock as UTC. */
function scoresOf(contender: Contender, series: Series): number[] {
  const step = contender.create()
  return series.times.map((at, row) =>
    scoreOf(step({ at, count: series.values[row]!, errors: 0, expected: false })),
  )
}

/**
 * Rows at which a message is sent: above the threshold, and then quiet for a day unless twice as bad as in its first
 * hour: as in production, until then it is the same message. The same rule and threshold for every series and contender.
 */
function alertRows(series: Series, scores: readonly number[], threshold: number): number[] {
  const rows: number[] = []
  let worst = 0
  scores.forEach((score, row) => {
    const since = series.times[row]! - (series.times[rows.at(-1) ?? -1] ?? -Infinity)
    if (since < 3600) {
      worst = Math.max(worst, score)
      return
    }
    if (score < threshold || (since <= 86400 && score <= 2 * worst)) return
    rows.push(row)
    worst = score
  })
  return rows
}

/** The benchmark's two figures for a contender at one threshold for all series, and how many windows it saw. */
export function measureNab(contender: Contender, threshold: number) {
  const parts = readCorpus().map((series) =>
    judge(series, alertRows(series, scoresOf(contender, series), threshold)),
  )
  const sum = (of: (part: (typeof parts)[number]) => number) => parts.reduce((all, part) => all + of(part), 0)
  return {
    standard: normalised(parts, profiles.standard),
    lowFalse: normalised(parts, profiles.lowFalse),
    seen: sum((part) => part.seen),
    windows: sum((part) => part.windows),
    falseRows: sum((part) => part.falseRows),
  }
}
