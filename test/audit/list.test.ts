import { afterAll, beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { describe } from '../../src/audit/describe.ts'
import { listEvents } from '../../src/audit/list.ts'
import { recordAll } from '../../src/audit/record.ts'
import { sumUpRefusals } from '../../src/audit/refusals.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { deactivate, revoke } from '../../src/keys/state.ts'
import { asMember, openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const said = async (filter: { keyId?: string; actorId?: string } = {}) => {
  const { world, workspace } = records
  const events = await listEvents(world.db, { workspaceId: workspace.id, limit: 50, ...filter })
  return events.map((event) => plain(describe(event)))
}

test('what happened to a key is listed newest first, in words', async () => {
  const { key } = await records.key({ name: 'Salesforce CRM', ownerId: 'U0ADA00001' })
  await records.act((act) => deactivate(act, key.workspaceId, key.id, 'too chatty'))
  const bruno = { kind: 'member', id: 'U0BRUNO002', role: 'manager', workspaceId: key.workspaceId } as const
  await records.act((act) => revoke(act, key.workspaceId, key.id), bruno)
  const about = await said({ keyId: key.id })
  expect(about).toEqual([
    '@U0BRUNO002 revoked Salesforce CRM.',
    '@U0ADA00001 deactivated Salesforce CRM, saying too chatty.',
    `@U0ADA00001 revealed Salesforce CRM (${key.hint}).`,
    '@U0ADA00001 created Salesforce CRM with read, for 90 days.',
  ])
  expect(await said({ actorId: 'U0BRUNO002' })).toEqual([about[0]])
  const everything = await said()
  expect(everything.slice(0, 4)).toEqual(about)
  expect(everything.at(-1)).toBe('Keywarden added the workspace Platform.')
})

test('pages follow one another without a gap or an overlap, whatever is appended meanwhile', async () => {
  const { world, workspace } = records
  const all = await listEvents(world.db, { workspaceId: workspace.id, limit: 100 })
  const seen: number[] = []
  for (let before: number | undefined; ; ) {
    const page = await listEvents(world.db, { workspaceId: workspace.id, limit: 3, before })
    await records.act((act) => recordAll(act, [{ event: 'policy.set', workspaceId: workspace.id }]))
    seen.push(...page.map((event) => event.seq))
    if (page.length < 3) break
    before = page.at(-1)!.seq
  }
  expect(seen).toEqual(all.map((event) => event.seq))
})

test('another workspace is never in it', async () => {
  const { world } = records
  expect(await listEvents(world.db, { workspaceId: 'ws_elsewhere', limit: 50 })).toEqual([])
})

test('a page reads the rows it shows and no others', async () => {
  const { world, workspace } = records
  const { key } = await records.key({ name: 'One of many' })
  const many = Array.from({ length: 5_000 }, (_, i) => ({
    event: 'key.edited' as const,
    workspaceId: workspace.id,
    keyId: i % 50 === 0 ? key.id : `key_${i}`,
  }))
  await records.act((act) => recordAll(act, many))
  await world.db.raw('analyze audit_events')
  for (const filter of [{}, { keyId: key.id }, { actorId: 'U0ADA00001' }]) {
    const queries: { sql: string; bindings: unknown[] }[] = []
    const listen = (query: { sql: string; bindings: unknown[] }) => queries.push(query)
    world.db.on('query', listen)
    await listEvents(world.db, { workspaceId: workspace.id, limit: 10, ...filter })
    world.db.removeListener('query', listen)
    const [{ sql, bindings }] = queries as [{ sql: string; bindings: string[] }]
    const { rows } = await world.db.raw(
      `explain (analyze, format json) ${sql.replace(/\$\d+/g, '?')}`,
      bindings,
    )
    expect(maxRowsRead(rows[0]['QUERY PLAN'][0].Plan)).toBeLessThanOrEqual(10)
  }
})

type Plan = {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}
const maxRowsRead = (plan: Plan): number =>
  Math.max(
    (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'],
    ...(plan.Plans ?? []).map(maxRowsRead),
  )

test('repeated refusals are one event with their number, at once and for good', async () => {
  const { world, workspace, calendar } = records
  const { key } = await records.key({ name: 'Zapier' })
  const dana = { kind: 'member', id: 'U0DANA0004', role: 'member', workspaceId: workspace.id } as const
  await asMember(world.db, dana, calendar.now())
  for (let attempt = 0; attempt < 42; attempt++) {
    const refused = await perform(world, dana, (act) => revoke(act, workspace.id, key.id))
    expect(isRefusal(refused) && refused.code).toBe('forbidden')
  }
  const atOnce = '@U0DANA0004 tried to revoke Zapier and was refused, and 41 more times.'
  expect(await said({ actorId: dana.id })).toEqual([atOnce])
  expect(await sumUpRefusals(world.db, calendar.now())).toBe(0)

  calendar.advance({ days: 0, minutes: 60 })
  const sums = await Promise.all([1, 2, 3].map(() => sumUpRefusals(world.db, calendar.now())))
  expect(sums.sort()).toEqual([0, 0, 1])
  const forGood = [
    '@U0DANA0004 tried 41 more times to revoke Zapier within an hour and was refused.',
    '@U0DANA0004 tried to revoke Zapier and was refused.',
  ]
  expect(await said({ actorId: dana.id })).toEqual(forGood)

  calendar.advance({ days: 40, minutes: 0 })
  await sumUpRefusals(world.db, calendar.now())
  expect(await world.db('audit_refusals').select()).toEqual([])
  expect(await said({ actorId: dana.id })).toEqual(forGood)
})

test('text that Postgres cannot keep does not stop the act that records it', async () => {
  const { key } = await records.key({ name: 'Odd' })
  await records.act((act) => deactivate(act, key.workspaceId, key.id, 'nul \0 and half a \ud83d pair'))
  expect((await said({ keyId: key.id }))[0]).toBe(
    '@U0ADA00001 deactivated Odd, saying nul  and half a \ufffd pair.',
  )
})
