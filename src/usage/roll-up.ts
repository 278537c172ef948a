import type { Database, Executor } from '../foundation/database.ts'
import { minuteMs } from '../foundation/time.ts'
import { stepOf } from './step.ts'

/** Until when usage is summed up by hour and by day: everything before is in that step's table. */
export type Reach = { hours: Date; days: Date }

/** Counts of an hour are nearly all there this long after its end; late ones are added where they belong. */
const graceMs = 5 * minuteMs

export async function reachOf(db: Executor): Promise<Reach> {
  const rows = await db('usage_rollups').select('step', 'through')
  const through = (step: string) => rows.find((row) => row.step === step)!.through as Date
  return { hours: through('hour'), days: through('day') }
}

/**
 * Sums up the hours and days that are over, each in a transaction of its own, so that after a month of downtime
 * counting never waits for more than one of them. Reads only what was written since the last time.
 * @returns how many rows were written
 */
export async function rollUp(db: Database, now: Date): Promise<number> {
  const until = new Date(now.getTime() - graceMs)
  const hours = await rollUpStep(db, 'hour', stepOf(until, 'hour'))
  return hours + (await rollUpStep(db, 'day', stepOf(until, 'day')))
}

const finer = {
  hour: { table: 'usage_buckets', column: 'bucket' },
  day: { table: 'usage_hours', column: 'hour' },
}

async function rollUpStep(db: Database, step: 'hour' | 'day', through: Date): Promise<number> {
  const { table, column } = finer[step]
  const { rows } = await db.raw(
    `select distinct date_bin(?::interval, ??, 'epoch') + ?::interval as until from ??
     where ?? >= (select through from usage_rollups where step = ?) and ?? < ? order by 1`,
    [`1 ${step}`, column, `1 ${step}`, table, column, step, column, through],
  )
  const pieces: Date[] = [...rows.map((row: { until: Date }) => row.until), through]
  let written = 0
  for (const until of pieces) {
    const { rows } = await db.raw('select roll_up_usage(?, ?) as written', [step, until])
    written += rows[0].written
  }
  return written
}
