import type { Executor } from '../foundation/database.ts'
import { dayMs, hourMs } from '../foundation/time.ts'
import { bucketMs } from '../usage/cell.ts'
import { trafficOf } from '../usage/traffic.ts'
import { offsetsOf } from './calendar.ts'
import { bucketSeconds, recordDays } from './detector/constants.ts'
import { explain, type Figures } from './detector/explain.ts'
import type { Reason } from './detector/reason.ts'
import { newState } from './detector/state.ts'
import { expectationsOf, isExpected, newNormalSince } from './expectations.ts'
import { type KeyContext, walk } from './step-key.ts'

/** One strange stretch of time of a key: the highest score in it, and whether a message would have been sent. */
export type Replayed = {
  from: Date
  until: Date
  reason: Reason
  score: number
  alerted: boolean
  /** whether it had been declared expected, so that it would not have alerted */
  expected: boolean
  figures: Figures
}

/**
 * Replays the detector over a key between two moments: its state is built from the usage before, as in production, by the
 * same code and constants. Networks, clients and refused scopes are not part of it: they are kept
 * by the hour and not replayed. Stretches are merged while the reason stays the same. Undefined when there is no use
 * to replay.
 */
export async function replay(
  db: Executor,
  key: { id: string; timeZone: string },
  from: Date,
  until: Date,
): Promise<Replayed[] | undefined> {
  const known = (await expectationsOf(db, [key.id])).get(key.id) ?? []
  const earliest = new Date(from.getTime() - recordDays * dayMs)
  const since = newNormalSince(known)
  const begin = since && since > earliest && since < from ? since : earliest
  const rows = await trafficOf(db, [key.id], begin, until, 'five-minutes')
  const first = rows[0]
  if (!first) return undefined
  const found: Replayed[] = []
  const state = newState()
  const time = {
    from: first.at.getTime() / 1000,
    until: Math.floor(until.getTime() / bucketMs) * bucketSeconds,
  }
  const expected: KeyContext['expected'] = (at, reason) => isExpected(known, key.timeZone, at, reason)
  walk(
    state,
    rows,
    time,
    { offset: offsetsOf(key.timeZone), expected, evidence: undefined },
    (at, row, reading) => {
      if (at * 1000 < from.getTime() || (reading.score < 1 && !reading.alert)) return
      const moment = { from: new Date(at * 1000), until: new Date((at + bucketSeconds) * 1000) }
      const { reason, score } = reading
      const isExpected = expected(at, reason)
      const seen = { ...moment, reason, score, alerted: reading.alert && !isExpected, expected: isExpected }
      join(found, { ...seen, figures: explain(state, row?.requests ?? 0) })
    },
  )
  return found
}

/** Adds a strange bucket to the stretch it belongs to: same reason, no more than an hour later. */
function join(found: Replayed[], next: Replayed): void {
  const last = found.at(-1)
  const together = last && last.reason === next.reason && next.from.getTime() - last.until.getTime() <= hourMs
  if (!together || (next.alerted && last.alerted)) return void found.push(next)
  last.until = next.until
  last.alerted ||= next.alerted
  last.expected &&= next.expected
  if (next.score > last.score || next.alerted) {
    last.score = Math.max(last.score, next.score)
    last.figures = next.figures
  }
}
