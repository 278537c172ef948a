import type { Executor } from '../foundation/database.ts'

export type Step = 'five-minutes' | 'hour' | 'day'

/**
 * What one key did in one step of time, named by its beginning. `requests` were verified and `refused` of them not
 * VALID; `outcomes` are what the platform reported of requests, `failed` those it answered with 4xx or 5xx.
 */
export type Traffic = {
  keyId: string
  at: Date
  requests: number
  refused: number
  outcomes: number
  failed: number
}

export const stepMs: Readonly<Record<Step, number>> = {
  'five-minutes': 300_000,
  hour: 3_600_000,
  day: 86_400_000,
}

/** The beginning of the step that holds this moment. Hours and days are those of UTC. */
export const stepOf = (at: Date, step: Step): Date =>
  new Date(Math.floor(at.getTime() / stepMs[step]) * stepMs[step])

/** Columns that sum up rows of usage; `requests` is what the row counts. */
export const sums = `
  coalesce(sum(requests) filter (where source = 'verify'), 0) as requests,
  coalesce(sum(requests) filter (where source = 'verify' and class <> 2), 0) as refused,
  coalesce(sum(requests) filter (where source = 'outcome'), 0) as outcomes,
  coalesce(sum(requests) filter (where source = 'outcome' and class >= 4), 0) as failed`

/**
 * What these keys did from the step that holds `from` until before `to`, sorted by key and time. Steps in which a
 * key did nothing are absent.
 */
export async function trafficOf(
  db: Executor,
  keyIds: readonly string[],
  from: Date,
  to: Date,
  step: Step,
): Promise<Traffic[]> {
  const { rows } = await db.raw(
    `select key_id as "keyId", date_bin(make_interval(secs => :seconds), bucket, 'epoch') as at, ${sums}
     from usage_buckets
     where key_id = any(:keys) and bucket >= :from and bucket < :to
     group by 1, 2 order by 1, 2`,
    { keys: keyIds, seconds: stepMs[step] / 1000, from: stepOf(from, step), to },
  )
  return rows.map(figures)
}

/** A row of sums as numbers: Postgres adds up bigint to numeric, which arrives as words. */
export function figures<T extends object>(row: T & Record<keyof Sums, unknown>): T & Sums {
  const { requests, refused, outcomes, failed } = row
  return {
    ...row,
    requests: Number(requests),
    refused: Number(refused),
    outcomes: Number(outcomes),
    failed: Number(failed),
  }
}

export type Sums = Omit<Traffic, 'keyId' | 'at'>
