import type { Knex } from 'knex'
import type { Segment } from './segments.ts'

/**
 * Sums over rows of usage: `requests` were verified and `refused` of them not VALID; `outcomes` are what the platform
 * reported of requests, `failed` those it answered with 4xx or 5xx.
 */
export type Sums = { requests: number; refused: number; outcomes: number; failed: number }

/** The columns of `Sums`, over rows that are called as those of usage. */
export const sums = `
  coalesce(sum(requests) filter (where source = 'verify'), 0) as requests,
  coalesce(sum(requests) filter (where source = 'verify' and class <> 2), 0) as refused,
  coalesce(sum(requests) filter (where source = 'outcome'), 0) as outcomes,
  coalesce(sum(requests) filter (where source = 'outcome' and class >= 4), 0) as failed`

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

const stored = {
  'five-minutes': { table: 'usage_buckets', moment: 'bucket' },
  hour: { table: 'usage_hours', moment: 'hour' },
  day: { table: 'usage_days', moment: 'day' },
} as const

/** A query with its values, in the order of their question marks. */
export type Query = { sql: string; values: Knex.RawBinding[] }

/**
 * The rows of usage of these keys in these stretches of time: key_id, at, endpoint_id, source, class, requests. Keys
 * are named by their ids or by a query that has these alone.
 */
export function usageRows(keys: readonly string[] | Query, segments: readonly Segment[]): Query {
  const who =
    'sql' in keys ? { sql: keys.sql, values: keys.values } : { sql: '?::text[]', values: [[...keys]] }
  const parts = segments.map(({ step, from, to }) => {
    const { table, moment } = stored[step]
    return {
      sql: `select key_id, ${moment} as at, endpoint_id, source, class, requests from ${table}
        where key_id = any(${who.sql}) and ${moment} >= ? and ${moment} < ?`,
      values: [...who.values, from, to],
    }
  })
  if (parts.length === 0) return usageRows(keys, [nothing])
  return {
    sql: parts.map(({ sql }) => sql).join(' union all '),
    values: parts.flatMap(({ values }) => values),
  }
}

const nothing: Segment = { step: 'day', from: new Date(0), to: new Date(0) }
