import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertManyKeys } from '../../sandbox/many-keys.ts'
import { listEvents } from '../../src/audit/list.ts'
import { filters } from '../../src/inbox/branches.ts'
import { countInbox, inboxCountLimit, inboxPage } from '../../src/inbox/inbox.ts'
import { readItems } from '../../src/inbox/items.ts'
import { findKey, findKeyById, keysToChoose, liveKeyOfIntegration, offersTo } from '../../src/keys/find.ts'
import { listKeys } from '../../src/keys/list.ts'
import { countLimit, type Filter, pageSize, statusFilters } from '../../src/keys/page.ts'
import { searchLimit } from '../../src/keys/search.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
let explainer: pg.Client
const keys = 20_000
const findings = 3_000
const revoked = 300
const member = 'U0DANA0004'
beforeAll(async () => {
  records = await openRecords()
  const { db } = records.world
  const now = records.calendar.now()
  await insertManyKeys(db, records.workspace.id, keys, now, ['U0ADA00001', 'U0BRUNO002', member])
  await db.raw(
    `update keys set status = 'revoked' where id in
       (select id from keys where workspace_id = ? order by id desc limit ?)`,
    [records.workspace.id, revoked],
  )
  // As after the log of changes was pruned.
  await db('change_subjects').where({ kind: 'key' }).del()
  await db.raw('analyze keys, changes, change_subjects')
  await db.raw(
    `insert into findings (id, workspace_id, kind, key_id, step, severity, facts, opened_at, changed_at)
     select 'fnd_' || n, k.workspace_id, 'idle', k.id, 'idle',
       (array['notice', 'warning', 'critical'])[1 + n % 3], '{"days": 60}',
       :now::timestamptz - make_interval(mins => n::int), :now::timestamptz - make_interval(mins => n::int)
     from (select *, row_number() over (order by id) as n from keys where workspace_id = :workspace
       order by id limit :findings) k`,
    { now, workspace: records.workspace.id, findings },
  )
  await db.raw('analyze findings')
  // Another workspace's keys must not be read for this one's.
  await db('workspaces').insert({
    id: 'ws_other',
    account_id: records.workspace.accountId,
    name: 'Other',
    name_folded: 'other',
    created_at: now,
  })
  await insertManyKeys(db, 'ws_other', keys / 4, now, ['U0ADA00001'])
  explainer = new pg.Client(records.database.url)
  await explainer.connect()
})
afterAll(async () => {
  await explainer.end()
  await records.drop()
})

type Plan = { 'Node Type': string; Plans?: Plan[] } & Record<string, number>

/** Rows that a plan fetched from tables: what it passed on, and what it looked at and threw away. */
function rowsRead(plan: Plan): number {
  const below = (plan.Plans ?? []).reduce((sum, one) => sum + rowsRead(one), 0)
  if (
    !/Scan$/.test(plan['Node Type']) ||
    /^(Bitmap Index|CTE|Subquery|Function|Values)/.test(plan['Node Type'])
  )
    return below
  const looked =
    plan['Actual Rows']! +
    (plan['Rows Removed by Filter'] ?? 0) +
    (plan['Rows Removed by Index Recheck'] ?? 0)
  return below + looked * plan['Actual Loops']!
}

/** The rows that a function reads in all, by running each of its queries once more under EXPLAIN. */
async function readsOf(ask: () => Promise<unknown>): Promise<number> {
  const { db } = records.world
  const asked: { sql: string; bindings: unknown[] }[] = []
  const note = (query: { sql: string; bindings: unknown[] }) => asked.push(query)
  db.on('query', note)
  await ask()
  db.removeListener('query', note)
  expect(asked.length).toBeGreaterThan(0)
  let total = 0
  for (const { sql, bindings } of asked) {
    if (!/^(select|with)/.test(sql)) {
      await explainer.query(sql)
      continue
    }
    const { rows } = await explainer.query(`explain (analyze, buffers off, format json) ${sql}`, bindings)
    total += rowsRead(rows[0]['QUERY PLAN'][0].Plan)
  }
  return total
}

/** The total of a list is counted up to a limit; beyond that, a page reads its rows, their usage and a few more. */
const few = 120

const viewers = {
  manager: (role = 'manager' as const) =>
    ({ kind: 'member', id: 'U0BRUNO002', role, workspaceId: records.workspace.id }) as const,
  member: (role = 'member' as const) =>
    ({ kind: 'member', id: member, role, workspaceId: records.workspace.id }) as const,
}
const viewerOf = (who: keyof typeof viewers) => ({ actor: viewers[who](), workspaceId: records.workspace.id })

for (const who of ['manager', 'member'] as const) {
  const page = (filter: Filter, from = 0, more = {}) =>
    listKeys(
      records.world.db,
      viewerOf(who),
      filter,
      { from, ...more },
      records.workspace.policy,
      records.calendar.now(),
    )

  for (const status of [undefined, ...statusFilters])
    test(`a ${who} lists ${status ?? 'all'}: pages read what they show, the total no more than its limit`, async () => {
      const filter = status ? { status } : {}
      const first = await page(filter)
      expect(first.keys).toHaveLength(pageSize)
      // Active ones that have ended are looked at too.
      expect(await readsOf(() => page(filter))).toBeLessThan(3 * countLimit + few)
      const uncounted = () =>
        listKeys(
          records.world.db,
          viewerOf(who),
          filter,
          { from: 10, after: first.last! },
          records.workspace.policy,
          records.calendar.now(),
          { counted: false },
        )
      expect(await readsOf(uncounted)).toBeLessThan(few)
    })

  for (const words of ['crm', 'salesforce', '19999', 'zz', 'sa', 'no such words'])
    test(`a ${who} looks for ${words}`, async () => {
      // A member's own keys may all be looked through: they are one of three here.
      const max = who === 'manager' ? 3 * searchLimit : keys / 3 + 3 * searchLimit
      expect(await readsOf(() => page({ words }))).toBeLessThan(max + few)
    })

  test(`a ${who} shows a key by name, hint, id, and by a name that is nearly right`, async () => {
    const { db, config } = records.world
    const row = await db('keys').where({ workspace_id: records.workspace.id, owner_id: member }).first()
    for (const words of [row.name, row.hint, row.id])
      expect(await readsOf(() => findKey(db, viewerOf(who), words, config.tokenPrefix))).toBeLessThan(few)
    // A member's own names, up to a thousand, are compared one by one.
    const near = await readsOf(() => findKey(db, viewerOf(who), `${row.name}x`, config.tokenPrefix))
    expect(near).toBeLessThan(who === 'manager' ? few : 3_000 + few)
    expect(await readsOf(() => findKeyById(db, viewerOf(who), row.id))).toBeLessThan(few)
    const { id: workspaceId } = records.workspace
    expect(await readsOf(() => listEvents(db, { workspaceId, keyId: row.id, limit: 8 }))).toBeLessThan(few)
  })

  test(`a ${who} is asked which key, and reads what waits`, async () => {
    const { db } = records.world
    const now = records.calendar.now()
    expect(await readsOf(() => keysToChoose(db, viewerOf(who), 100))).toBeLessThan(200 + few)
    expect(await readsOf(() => offersTo(db, records.workspace.id, member, now))).toBeLessThan(few)
  })

  test(`the inbox of a ${who} reads what it shows and counts, however many alerts there are`, async () => {
    const { db } = records.world
    const now = records.calendar.now()
    const { id: userId, role } = viewers[who]()
    const reader = { workspaceId: records.workspace.id, userId, manages: who === 'manager', owns: false }
    // A member's own alerts are found among the keys that they own or among all alerts, whichever are fewer.
    const most = who === 'manager' ? 0 : 2 * findings
    for (const filter of [undefined, ...filters]) {
      const asked = { reader, filter, now }
      const first = await inboxPage(db, asked, {}, pageSize)
      if (filter === undefined || filter === 'alerts') expect(first.entries).toHaveLength(pageSize)
      expect(await readsOf(() => inboxPage(db, asked, {}, pageSize)), filter).toBeLessThan(most + few)
      const after = first.entries.at(-1)?.edge
      if (after)
        expect(await readsOf(() => inboxPage(db, asked, { after }, pageSize))).toBeLessThan(most + few)
      if (first.entries.length > 0)
        expect(await readsOf(() => readItems(db, { reader, role, now }, first.entries))).toBeLessThan(few)
    }
    expect(await readsOf(() => countInbox(db, { reader, now }))).toBeLessThan(most + 4 * inboxCountLimit)
  })
}

test('the key that an integration has already is one row', async () => {
  const { db } = records.world
  expect(await readsOf(() => liveKeyOfIntegration(db, records.workspace.id, 'Salesforce'))).toBeLessThan(few)
})
