import type { Executor } from '../foundation/database.ts'
import { reachOf } from './roll-up.ts'
import { figures, type Sums, sums, usageRows } from './rows.ts'
import { planSegments } from './segments.ts'
import { type Step, stepMs, stepOf } from './step.ts'

export type { Step } from './step.ts'

/** The use of one key in one step of time, which is named by its beginning. */
export type Traffic = Sums & { keyId: string; at: Date }

/**
 * Reads the use of these keys from the step that holds `from` until before `to`, sorted by key and time. Steps without
 * a request are absent, and so are those past their retention: see `keptDays`.
 */
export async function trafficOf(
  db: Executor,
  keyIds: readonly string[],
  from: Date,
  to: Date,
  step: Step,
): Promise<Traffic[]> {
  const period = { from: stepOf(from, step), to }
  // Five minutes are read as they were counted: what is summed up does not matter.
  const segments =
    step === 'five-minutes' ? [{ ...period, step }] : planSegments(period, step, await reachOf(db))
  const used = usageRows(keyIds, segments)
  const { rows } = await db.raw(
    `select key_id as "keyId", date_bin(make_interval(secs => ?), at, 'epoch') as at, ${sums}
     from (${used.sql}) as used group by 1, 2 order by 1, 2`,
    [stepMs[step] / 1000, ...used.values],
  )
  return rows.map(figures<{ keyId: string; at: Date }>)
}
