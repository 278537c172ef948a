import type { Database, Transaction } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'

/** How long usage is kept, in days: the spike detector rebuilds what it knows from 35 days of five minutes. */
export type KeptDays = { fiveMinutes: number; hours: number; days: number; sources: number }
export const keptDays: KeptDays = { fiveMinutes: 35, hours: 100, days: 400, sources: 100 }

/** Days that a partition spans, and how many of them are there before their time. */
const parents = [
  { parent: 'usage_buckets', moment: 'bucket', kept: 'fiveMinutes', spanDays: 7, ahead: 6 },
  { parent: 'usage_hours', moment: 'hour', kept: 'hours', spanDays: 28, ahead: 2 },
  { parent: 'usage_days', moment: 'day', kept: 'days', spanDays: 28, ahead: 2 },
  { parent: 'usage_sources', moment: 'hour', kept: 'sources', spanDays: 28, ahead: 2 },
] as const satisfies readonly { kept: keyof KeptDays; [more: string]: unknown }[]

type Parent = (typeof parents)[number]

/**
 * Makes the partitions of each usage table for more than a month ahead, and drops those that are past their time. Rows
 * that came while there was none are moved out of the default partition. Rows that are not rolled up are never dropped.
 */
export async function keepPartitions(
  db: Database,
  now: Date,
  kept: KeptDays = keptDays,
): Promise<{ made: number; dropped: number }> {
  const counts = { made: 0, dropped: 0 }
  for (const one of parents) {
    const horizon = new Date(now.getTime() - kept[one.kept] * dayMs)
    // Each alone, since counters wait while a partition comes or goes.
    for (const from of await missing(db, one, horizon, now)) {
      const until = new Date(from.getTime() + one.spanDays * dayMs)
      counts.made += await briefly(db, 'make_usage_partition(?, ?, ?)::int', [one.parent, from, until])
    }
    counts.dropped += await briefly(db, 'drop_usage_partitions(?, ?)', [one.parent, horizon])
  }
  return counts
}

/** Beginnings of the spans that want a partition: from now on, and where something waits in the default one. */
async function missing(db: Database, one: Parent, horizon: Date, now: Date): Promise<Date[]> {
  const spanMs = one.spanDays * dayMs
  const first = Math.floor(now.getTime() / spanMs) * spanMs
  const wanted = Array.from({ length: one.ahead + 1 }, (_, i) => new Date(first + i * spanMs))
  const { rows } = await db.raw(
    `select span as "from" from (
       select unnest(:wanted::timestamptz[]) as span union
       select date_bin(make_interval(days => :days), :moment:, 'epoch') from :rest:
         where :moment: >= :horizon and :moment: < :now) as spans
     where to_regclass(:parent || to_char(span at time zone 'UTC', '_YYYYMMDD')) is null order by span`,
    {
      ...{ wanted, horizon, now, parent: one.parent, moment: one.moment },
      ...{ days: one.spanDays, rest: `${one.parent}_rest` },
    },
  )
  return rows.map((row: { from: Date }) => row.from)
}

async function briefly(db: Database, call: string, values: unknown[]): Promise<number> {
  return db.transaction(async (trx: Transaction) => {
    await trx.raw(`set local lock_timeout = '3s'`)
    const { rows } = await trx.raw(`select ${call} as count`, values as never[])
    return rows[0].count
  })
}
