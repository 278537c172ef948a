import { afterAll, beforeAll, expect, test } from 'vitest'
import { bucketMs, fillProduction, startMs } from '../../bench/anomaly/fill.ts'
import { dueKeys } from '../../src/anomaly/due.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { administer } from '../setup/administer.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

const keys = 10_000
const active = 100
let database: FreshDatabase
let db: Database

beforeAll(async () => {
  database = await freshDatabase()
  await administer(
    database.url,
    `insert into usage_buckets (key_id, bucket, endpoint_id, source, class, requests)
     select 'key_' || k, $1::timestamptz - make_interval(mins => 5 * b), 1, 'verify', 2, 1
     from generate_series(2000, 1, -1) as b, generate_series(1, 100) as k`,
    [new Date(startMs).toISOString()],
  )
  await fillProduction(database.url, keys, [active])
  db = openDatabase(database.url, { connections: 4, name: 'due keys' })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Plan[]
}
const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

const from = new Date(startMs)
const until = new Date(startMs + bucketMs)

/** Rows that a query looks at in the tables whose names match. */
async function rowsRead(sql: string, bindings: readonly never[], tables: RegExp): Promise<number> {
  const { rows } = await db.raw(`explain (analyze, format json) ${sql.replace(/\$\d+/g, '?')}`, bindings)
  return nodes(rows[0]['QUERY PLAN'][0].Plan)
    .filter((node) => tables.test(node['Relation Name'] ?? ''))
    .reduce((sum, node) => {
      const passed = node['Rows Removed by Filter'] ?? 0
      const rechecked = node['Rows Removed by Index Recheck'] ?? 0
      return sum + node['Actual Loops'] * (node['Actual Rows'] + passed + rechecked)
    }, 0)
}

async function asked(work: () => Promise<unknown>) {
  const queries: { sql: string; bindings: never[] }[] = []
  const listen = ({ sql, bindings }: { sql: string; bindings: never[] }) => queries.push({ sql, bindings })
  db.on('query', listen)
  await work()
  db.removeListener('query', listen)
  return queries
}

test('who is due is found without looking at the states of all keys, or at all usage', async () => {
  let due: string[] = []
  const [query] = await asked(async () => {
    due = await dueKeys(db, from, until)
  })
  expect(due).toHaveLength(active)
  expect(await rowsRead(query!.sql, query!.bindings, /^anomaly_states$/)).toBe(0)
  // Of 200,000 rows: a coarse index passes by whole ranges of pages.
  expect(await rowsRead(query!.sql, query!.bindings, /^usage_buckets/)).toBeLessThan(20_000)
})

test('a run over keys with nothing strange asks each question once for all of them', async () => {
  const clock = { now: () => new Date(until.getTime() + 61_000) }
  await db('anomaly_states').update({ silence_due: new Date(startMs + 7_200_000) })
  const queries = await asked(async () => {
    expect(await watchUse({ db, clock, random: systemRandom })).toEqual({ keys: active, left: 0 })
  })
  const about = (table: string) => queries.filter(({ sql }) => sql.includes(table))
  expect(about('from usage_sources')).toHaveLength(1)
  expect(about('key_sources')).toHaveLength(1)
  expect(about('update anomaly_states')).toHaveLength(1)
  expect(about('usage_buckets')).toHaveLength(2)
  expect(queries.length).toBeLessThan(30)
})
