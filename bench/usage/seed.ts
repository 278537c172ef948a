import { insertManyKeys } from '../../sandbox/many-keys.ts'
import type { Database } from '../../src/foundation/database.ts'
import { hashToken } from '../../src/keys/token.ts'
import { keepPartitions } from '../../src/usage/partitions.ts'
import { reachOf, rollUp } from '../../src/usage/roll-up.ts'
import { defaultRows } from '../../src/verification/scope-table.ts'

const dayMs = 86_400_000
const weekMs = 7 * dayMs

/** How large the seeded past is. */
export type Size = { keys: number; days: number }

/** Until when the past goes: what is measured counts on from there. */
export const benchNow = new Date(Math.floor(Date.now() / 300_000) * 300_000)

export const benchServiceToken = 'kws_bench'

export const digestWorkspace = 'ws_bench0'
const keysPerWorkspace = 10_000

/**
 * Puts a past into an empty database: keys in workspaces of ten thousand, of which one in a thousand is busy all day
 * at four endpoints, one in fifty every twenty minutes at two, one in five now and then, and the rest once on seven
 * days of ten. The same every time. Five minutes are written by SQL; hours and days by the product itself.
 */
export async function seed(db: Database, { keys, days }: Size): Promise<{ rows: number }> {
  await insertPlaces(db, keys)
  const first = Math.floor((benchNow.getTime() - days * dayMs) / weekMs) * weekMs
  let rows = 0
  for (let week = first; week < benchNow.getTime(); week += weekMs) {
    const from = new Date(Math.max(week, benchNow.getTime() - days * dayMs))
    const to = new Date(Math.min(week + weekMs, benchNow.getTime()))
    rows += await insertWeek(db, new Date(week), from, to)
    console.log(
      `${new Date(week).toISOString().slice(0, 10)}: ${rows.toLocaleString('en')} rows of five minutes`,
    )
  }
  await insertSources(db, days)
  await db.raw('analyze')
  return { rows }
}

async function insertPlaces(db: Database, keys: number): Promise<void> {
  const names = defaultRows.slice(0, 12).map(({ method, path }) => `${method} ${path}`)
  await db('usage_endpoints').insert(names.map((name) => ({ name })))
  await db('accounts').insert({
    id: 'acc_bench',
    slack_team_id: 'TBENCH',
    name: 'Bench',
    created_at: benchNow,
  })
  await db('service_tokens').insert({
    ...{ id: 'st_bench', account_id: 'acc_bench', name: 'bench', hint: 'kws_...', created_by: 'bench' },
    ...{ token_hash: hashToken(benchServiceToken), created_at: benchNow },
  })
  for (let i = 0; i * keysPerWorkspace < keys; i++) {
    const name = `Bench ${i}`
    await db('workspaces').insert({
      ...{
        id: `ws_bench${i}`,
        account_id: 'acc_bench',
        name,
        name_folded: name.toLowerCase(),
        created_at: benchNow,
      },
    })
    await insertManyKeys(db, `ws_bench${i}`, Math.min(keysPerWorkspace, keys), benchNow, ['U1', 'U2', 'U3'])
  }
  await db.raw(`create table bench_keys as
    select id, (row_number() over (order by md5(id)) - 1)::int as n from keys`)
}

/** One week as the product would have left it: in the order of time, in a partition of its own. */
async function insertWeek(db: Database, week: Date, from: Date, to: Date): Promise<number> {
  const part = `usage_buckets_${week.toISOString().slice(0, 10).replaceAll('-', '')}`
  return db.transaction(async (trx) => {
    await trx.raw(`set local work_mem = '512MB'; set local maintenance_work_mem = '1GB'`)
    await trx.raw(
      `create table ${part} (like usage_buckets including defaults including constraints) with (fillfactor = 70)`,
    )
    let rows = 0
    for (let day = from.getTime(); day < to.getTime(); day += dayMs) {
      const midnight = Math.floor(day / dayMs)
      const { rowCount } = await trx.raw(dayOf(part), { midnight, day: new Date(midnight * dayMs), from, to })
      rows += rowCount
    }
    await trx.raw(
      `alter table usage_buckets attach partition ${part} for values from (?) to (?)`
        .replace('?', `'${week.toISOString()}'`)
        .replace('?', `'${new Date(week.getTime() + weekMs).toISOString()}'`),
    )
    return rows
  })
}

const dayOf = (part: string) => `
  insert into ${part}
  select id, :day::timestamptz + b * interval '5 minutes', e, case when e = 4 then 'outcome' else 'verify' end,
    case when (n * 7 + b * 13 + e) % 50 = 0 then case when e = 4 then 5 else 4 end else 2 end,
    1 + (n * 31 + b * 17 + e * 7 + :midnight::int) % 19
  from (
    select id, n, b, e from bench_keys, generate_series(0, 287) b, generate_series(1, 4) e where n % 1000 = 0
    union all
    select id, n, b, e from bench_keys, generate_series(n % 4, 287, 4) b, generate_series(1, 2) e
      where n % 50 = 1
    union all
    select id, n, (n * 7 + i * 57 + :midnight::int * 13) % 288, 1 + (n + i) % 3
      from bench_keys, generate_series(0, 5) i where n % 5 = 2
    union all
    select id, n, (n * 31 + :midnight::int * 17) % 288, 1 + n % 3
      from bench_keys where n % 5 in (3, 4, 0) and n % 1000 <> 0 and (n + :midnight::int) % 10 < 7
  ) as used
  where :day::timestamptz + b * interval '5 minutes' >= :from and :day::timestamptz + b * interval '5 minutes' < :to
  order by b`

/** Where the busy keys' requests came from, by the hour, and their last two hundred requests. */
async function insertSources(db: Database, days: number): Promise<void> {
  await db.raw(
    `insert into usage_sources
     select id, at, '203.0.' || (n % 250 + w) || '.0/24', 'client-' || w, 400, 8, 3, at + interval '59 minutes'
     from bench_keys, generate_series(:now::timestamptz - make_interval(days => :days), :now::timestamptz,
       interval '1 hour') as moment, date_bin('1 hour', moment, 'epoch') as at, generate_series(0, 2) w
     where n % 1000 = 0`,
    { now: benchNow, days },
  )
  const entries = Array.from({ length: 200 }, (_, i) =>
    [benchNow.getTime() - i * 1_000, 'VALID', '203.0.1.0/24', 'client-1', 'GET /v1/contacts'].join('\t'),
  ).join('\n')
  await db.raw(
    'select add_recent(?::date, array_agg(id), array_agg(?::text)) from bench_keys where n % 1000 = 0',
    [benchNow, entries],
  )
}

/** What summing up cost, per week of history that was there before. */
export type RolledWeek = { weeksBefore: number; rows: number; seconds: number }

/** Lets the product sum up the seeded past, a week at a time. */
export async function sumUp(db: Database, days: number): Promise<RolledWeek[]> {
  for (const [parent, span] of [
    ['usage_hours', 28],
    ['usage_days', 28],
    ['usage_sources', 28],
  ] as const) {
    const spanMs = span * dayMs
    const begin = Math.floor((benchNow.getTime() - days * dayMs) / spanMs) * spanMs
    for (let from = begin; from < benchNow.getTime(); from += spanMs)
      await db.raw('select make_usage_partition(?, ?, ?)', [parent, new Date(from), new Date(from + spanMs)])
  }
  const weeks: RolledWeek[] = []
  for (let until = benchNow.getTime() - days * dayMs + weekMs; ; until += weekMs) {
    const to = new Date(Math.min(until, benchNow.getTime()))
    const since = (await reachOf(db)).hours
    const begun = performance.now()
    await rollUp(db, to)
    const seconds = (performance.now() - begun) / 1_000
    const { hours } = await reachOf(db)
    const rows = await db('usage_buckets').where('bucket', '>=', since).where('bucket', '<', hours).count()
    weeks.push({ weeksBefore: weeks.length, rows: Number(rows[0]!.count), seconds })
    console.log(`week ${weeks.length} summed up in ${seconds.toFixed(1)} s`)
    if (to.getTime() === benchNow.getTime()) break
  }
  await keepPartitions(db, benchNow, {
    fiveMinutes: days + 14,
    hours: days + 14,
    days: 400,
    sources: days + 14,
  })
  await db.raw('analyze')
  return weeks
}
