import { dayBuckets, quietDays, ready, runAlways, runLift, runMore, runTimes } from './constants.ts'
import { hasBursts } from './margins.ts'
import { dayIndex, decodeCount, encodeCount, summarise } from './rings.ts'
import type { KeyState } from './state.ts'

const limit = (state: KeyState) => runTimes * state.runRecord + runMore

/**
 * How long a mostly quiet key has been busier than quiet: Page's cumulative sum (1954) of the likelihood ratio of one
 * and a half times the quiet level (and a little more) to the quiet level, in which no bucket counts for more than one.
 * So it counts buckets, and a burst adds its length, not its size.
 */
export function run(state: KeyState, count: number): number {
  const quiet = state.quietLevel + 0.1
  const busier = 1.5 * state.quietLevel + runLift
  const ratio = count * Math.log(busier / quiet) - (busier - quiet)
  state.run = Math.max(0, Math.min(dayBuckets, state.run + Math.max(-1, Math.min(1, ratio))))
  state.topRun = Math.max(state.topRun, Math.min(state.run, limit(state)))
  if (state.day - state.firstDay < ready.activity || state.runRecord >= runAlways) return 0
  // Squared: half a run is much less than half a reason.
  return state.quietLevel < 1 || hasBursts(state) ? (state.run / limit(state)) ** 2 : 0
}

const third = new Float32Array(12)

/** At the end of an hour: the level that a third of its buckets stay below. */
export function closeRunHour(state: KeyState, hour: number): void {
  third.set(state.buckets)
  state.quietThirds[((hour % 24) + 24) % 24] = encodeCount(third.sort()[4]!)
}

export function closeRunDay(state: KeyState): void {
  const index = dayIndex(state.day)
  state.rings.runs[index] = encodeCount(state.topRun)
  state.topRun = 0
  const hours = state.quietThirds.filter((code) => code > 0).sort()
  state.quietLevels[index] = hours[hours.length >> 1] ?? 0
}

export function openRunDay(state: KeyState): void {
  state.runRecord = summarise(state.rings.runs, decodeCount).highest
  const last24h: number[] = []
  for (let back = 1; back <= quietDays; back++) {
    const code = state.quietLevels[dayIndex(state.day - back)]!
    if (code > 0) last24h.push(code)
  }
  const median = last24h.sort((a, b) => a - b)[last24h.length >> 1]
  state.quietLevel = median === undefined ? 0 : decodeCount(median)
}
