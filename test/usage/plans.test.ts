import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertManyKeys } from '../../sandbox/many-keys.ts'
import { weekOfUse } from '../../src/findings/digest-use.ts'
import { incidentsOf } from '../../src/findings/incidents.ts'
import { last24hOf } from '../../src/usage/last-24h.ts'
import { keepPartitions } from '../../src/usage/partitions.ts'
import { ranges, windowOf } from '../../src/usage/range.ts'
import { recentOf } from '../../src/usage/recent.ts'
import { workspaceSummaryOf, workspaceTrafficOf } from '../../src/usage/reports/workspace.ts'
import { rollUp } from '../../src/usage/roll-up.ts'
import { sourcesOf } from '../../src/usage/sources.ts'
import { summaryOf } from '../../src/usage/summary.ts'
import { trafficOf } from '../../src/usage/traffic.ts'
import { exerciseOf } from '../../src/verification/exercised.ts'
import { defaultRows, scopeTable } from '../../src/verification/scope-table.ts'
import { openRecords, type Records } from '../setup/records.ts'

const dayMs = 86_400_000
const now = new Date('2027-03-29T07:00:00Z')
const keysOfOthers = 4_000
const keysOfOurs = 40
const days = 15

let records: Records
let keyId: string
beforeAll(async () => {
  records = await openRecords()
  const { db } = records.world
  const { id: workspaceId } = records.workspace
  const others = { id: 'ws_others', name: 'Others', name_folded: 'others', created_at: now }
  const account = await db('workspaces').where({ id: workspaceId }).first('account_id')
  await db('workspaces').insert({ ...others, ...account })
  await insertManyKeys(db, 'ws_others', keysOfOthers, now, ['U0ADA00001'])
  await insertManyKeys(db, workspaceId, keysOfOurs, now, ['U0ADA00001'])
  keyId = (await db('keys').where({ workspace_id: workspaceId }).first('id')).id
  const [endpoint] = await db('usage_endpoints').insert({ name: 'GET /v1/contacts' }).returning('id')
  await db.raw(
    `insert into usage_buckets select k.id, :from::timestamptz + d * interval '1 day' + b * interval '130 minutes', :e,
       'verify', 2, 3 from keys k, generate_series(0, :last::int) d, generate_series(0, 5) b`,
    { from: new Date(now.getTime() - days * dayMs), last: days - 1, e: endpoint.id },
  )
  await db.raw(
    `insert into usage_sources select k.id, date_bin('1 hour', :from::timestamptz + d * interval '1 day', 'epoch'),
       '203.0.113.0/24', 'curl', 9, 0, 0, :from from keys k, generate_series(0, :last::int) d`,
    { from: new Date(now.getTime() - days * dayMs), last: days - 1 },
  )
  await db.raw(`insert into usage_recent (key_id, last_day, entries) select id, :now::date, '{}' from keys`, {
    now,
  })
  await rollUp(db, now)
  await keepPartitions(db, now)
  await db.raw('analyze')
}, 120_000)
afterAll(() => records.drop())

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}
const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

/** How each table that holds a row per key was read, and how many rows of these were looked at. */
async function plansOf(work: () => Promise<unknown>): Promise<{ scans: string[]; rows: number }> {
  const { db } = records.world
  const asked: { sql: string; bindings: never[] }[] = []
  const note = ({ sql, bindings }: { sql: string; bindings: never[] }) => void asked.push({ sql, bindings })
  db.on('query', note)
  await work()
  db.removeListener('query', note)
  expect(asked.length).toBeGreaterThan(0)
  const scans: string[] = []
  let rows = 0
  for (const { sql, bindings } of asked.filter((one) => /^\s*(select|with)\b/.test(one.sql))) {
    const explained = await db.raw(`explain (analyze, format json) ${sql.replace(/\$\d+/g, '?')}`, bindings)
    for (const node of nodes(explained.rows[0]['QUERY PLAN'][0].Plan)) {
      if (!/^(keys|key_usage|usage_(buckets|hours|days|sources|recent).*)$/.test(node['Relation Name'] ?? ''))
        continue
      const looked = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      // An empty partition is read either way, as its statistics happen to be.
      if (looked > 0) scans.push(`${node['Node Type']} on ${node['Relation Name']}`)
      rows += looked
    }
  }
  return { scans, rows }
}

/** Reading everything for the sake of a few; a row per key, which is all that `key_usage` has, is little. */
const wasteful = (scans: readonly string[]) => scans.filter((scan) => /^Seq Scan on (keys|usage_)/.test(scan))

/** Rows of one key for all days: requests by five minutes, hour and day, sources. */
const rowsOfKey = days * (6 + 6 + 1 + 1)

test.each(ranges)('the panel of a key finds its rows by their index: %s', async (range) => {
  const { db } = records.world
  const { from, to, step } = windowOf(range, now)
  const { scans, rows } = await plansOf(async () => {
    await summaryOf(db, keyId, range, now)
    await trafficOf(db, [keyId], from, to, step)
    await sourcesOf(db, [keyId], from, to)
    await recentOf(db, keyId, now)
    await last24hOf(db, keyId, now)
    await incidentsOf(db, keyId, from, to)
  })
  expect(scans.length).toBeGreaterThan(3)
  expect(wasteful(scans)).toEqual([])
  expect(rows).toBeLessThan(4 * rowsOfKey)
})

test.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata'])(
  'the digest of a small workspace reads the rows of its own keys alone, with days as clocks in %s have them',
  async (timeZone) => {
    const workspace = { ...records.workspace, policy: { ...records.workspace.policy, timeZone } }
    const { scans, rows } = await plansOf(() => weekOfUse(records.world.db, workspace, '2027-03-29'))
    expect(scans.length).toBeGreaterThan(3)
    expect(wasteful(scans)).toEqual([])
    expect(rows).toBeLessThan(2 * keysOfOurs * rowsOfKey)
  },
)

test('so does the view of a workspace', async () => {
  const { db } = records.world
  const { id } = records.workspace
  const { from, to, step } = windowOf('7d', now)
  const { scans, rows } = await plansOf(async () => {
    await workspaceSummaryOf(db, id, '7d', now)
    await workspaceTrafficOf(db, id, from, to, step)
    await exerciseOf(db, id, windowOf('30d', now), scopeTable(defaultRows))
  })
  expect(scans.length).toBeGreaterThan(3)
  expect(wasteful(scans)).toEqual([])
  expect(rows).toBeLessThan(3 * keysOfOurs * rowsOfKey)
})
