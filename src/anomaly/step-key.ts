import type { Traffic } from '../usage/traffic.ts'
import { bucketSeconds } from './detector/constants.ts'
import type { Evidence } from './detector/evidence.ts'
import { explain, type Figures } from './detector/explain.ts'
import type { Reason } from './detector/reason.ts'
import type { KeyState } from './detector/state.ts'
import { type Reading, step } from './detector/step.ts'
import { standsAlone } from './severity.ts'

/** The detector's input beside the counts of one key. */
export type KeyContext = {
  /** seconds by which the workspace's clock is ahead of UTC */
  offset(at: number): number
  /** whether strange use for that reason was declared expected then */
  expected(at: number, reason: Reason): boolean
  /** of the last sixty minutes of the time that is stepped through */
  evidence: Evidence | undefined
}

/** An alert of the detector: when (seconds since 1970), why, how strange, and the numbers behind it. */
export type AnomalyAlert = { at: number; reason: Reason; score: number; figures: Figures; expected: boolean }

/**
 * The result of stepping a key. Times in seconds since 1970, undefined when there was none. `alone` is the last reading
 * that stands alone, also where the detector had alerted enough.
 */
export type Walk = {
  alerts: AnomalyAlert[]
  alone: AnomalyAlert | undefined
  strangeAt: number | undefined
  usedAt: number | undefined
}

/** Called with every step. */
export type Observer = (at: number, row: Traffic | undefined, reading: Reading) => void

/** An expectation that covers one reason about volume covers them all. */
const volume: Reason = 'spike'

/**
 * Steps a key through all five minutes from `from` to `until` (seconds since 1970); those without a row had no requests.
 * Pure but for the state, so that production and the replay in the shell cannot differ.
 */
export function walk(
  state: KeyState,
  rows: readonly Traffic[],
  time: { from: number; until: number },
  { offset, expected, evidence }: KeyContext,
  observe?: Observer,
): Walk {
  const result: Walk = { alerts: [], alone: undefined, strangeAt: undefined, usedAt: undefined }
  let next = 0
  for (let at = time.from; at < time.until; at += bucketSeconds) {
    while (next < rows.length && rows[next]!.at.getTime() < at * 1000) next++
    const row = next < rows.length && rows[next]!.at.getTime() === at * 1000 ? rows[next] : undefined
    const isLast = at + bucketSeconds >= time.until
    const reading = step(state, {
      at,
      count: row?.requests ?? 0,
      errors: row ? failuresOf(row) : 0,
      offsetSeconds: offset(at),
      expected: expected(at, volume),
      ...(isLast && evidence ? { evidence } : {}),
    })
    if (!reading) continue
    if (row && row.requests > 0) result.usedAt = at
    const isStrange = reading.score >= 1
    if (isStrange) result.strangeAt = at
    if (isStrange || reading.alert) {
      const { reason, score, alert } = reading
      const figures = explain(state, row?.requests ?? 0)
      const found = { at, reason, score, figures, expected: expected(at, reason) }
      if (alert) result.alerts.push(found)
      if (standsAlone(reason, figures, isLast ? (evidence?.fromNewSources ?? 0) : 0)) result.alone = found
    }
    observe?.(at, row, reading)
  }
  return result
}

/** Requests that were refused here, or failed at the platform; never more than there were. */
export const failuresOf = (row: Traffic): number => Math.min(row.requests, row.refused + row.failed)
